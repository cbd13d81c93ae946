import { Command } from "commander";
import { readSettings } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { details } from "../../terminal.ts";

export function projectSettings(): Command {
  return new Command("settings")
    .description("Show the settings of a project")
    .argument("<id>", "the project")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (id: string, options: { database: string; json?: boolean }) => {
      const settings = await withDatabase(options.database, (database) =>
        readSettings(database, id),
      );
      print(settings, options.json, () => details(settings));
    });
}
