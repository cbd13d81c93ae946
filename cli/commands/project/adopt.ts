import { Command } from "commander";
import { adoptProject } from "../../../src/index.ts";
import { databaseOption, jsonOption, requireKeyring, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function projectAdopt(): Command {
  return new Command("adopt")
    .description("Make a restored schema a project of this database")
    .argument("<id>", "the project, which is the name of its schema")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Needs the MIOSA_AUTH_KEY that the project was made with. Hands the schema to an owner role made here,
applies this release's functions and rights, and enters it into the registry; users, sessions and
keys stay. Can be run again.`,
    )
    .action(async (id: string, options: { database: string; json?: boolean }) => {
      const keyring = requireKeyring();
      const adopted = await withDatabase(options.database, (database) =>
        adoptProject(database, id, keyring),
      );
      print(adopted, options.json, () => [`${id} is a project of this database.`]);
    });
}
