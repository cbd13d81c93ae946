import { Command } from "commander";
import { readEnvironment } from "../../../src/index.ts";
import {
  databaseOption,
  jsonOption,
  localUrl,
  publicUrlOption,
  requireKeyring,
  withDatabase,
} from "../../options.ts";
import { keyValueLines, print } from "../../output.ts";

export function projectEnv(): Command {
  return new Command("env")
    .description("Print a project's two variables again")
    .argument("<id>", "the project")
    .addOption(databaseOption())
    .addOption(publicUrlOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nNeeds the MIOSA_AUTH_KEY that the project was made with.")
    .action(
      async (id: string, options: { database: string; publicUrl?: string; json?: boolean }) => {
        const keyring = requireKeyring();
        const environment = await withDatabase(options.database, (database) =>
          readEnvironment(database, id, keyring, options.publicUrl ?? localUrl()),
        );
        print(environment, options.json, () => keyValueLines(environment));
      },
    );
}
