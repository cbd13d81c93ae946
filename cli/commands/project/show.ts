import { Command } from "commander";
import { requireProject } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { details } from "../../terminal.ts";

export function projectShow(): Command {
  return new Command("show")
    .description("Show a project's entry in the registry")
    .argument("<id>", "the project")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (id: string, options: { database: string; json?: boolean }) => {
      const project = await withDatabase(options.database, (database) =>
        requireProject(database, id),
      );
      print(project, options.json, () => details(project));
    });
}
