import { Command, Option } from "commander";
import { prepareDatabase } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print, printNotes } from "../../output.ts";

interface Options {
  database: string;
  runtimeRole?: string;
  json?: boolean;
}

export function databaseInit(): Command {
  return new Command("init")
    .description("Prepare a database to hold projects, or bring it up to this release")
    .addOption(databaseOption())
    .addOption(
      new Option("--runtime-role <name>", "a login for `serve`, made when it does not exist").env(
        "MIOSA_AUTH_RUNTIME_ROLE",
      ),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
The administrator needs LOGIN, CREATEROLE, and CREATE on the database with grant option; no
superuser. Without CREATEROLE it works too, with a weaker wall between projects.`,
    )
    .action(async (options: Options) => {
      const { runtimeRole } = options;
      const prepared = await withDatabase(options.database, (database) =>
        prepareDatabase(database, runtimeRole === undefined ? {} : { runtimeRole }),
      );
      if (!options.json) printNotes(prepared.notes);
      print(prepared, options.json, () => ["The database is prepared."]);
    });
}
