import { Command } from "commander";
import { listProjects } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { table } from "../../terminal.ts";

export function projectList(): Command {
  return new Command("list")
    .description("List the projects of a database, oldest first")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (options: { database: string; json?: boolean }) => {
      const projects = await withDatabase(options.database, listProjects);
      print(projects, options.json, () =>
        table(
          ["id", "state", "created"],
          projects.map(({ id, state, created_at }) => [id, state, created_at]),
        ),
      );
    });
}
