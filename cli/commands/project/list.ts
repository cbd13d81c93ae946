import { Command } from "commander";
import { listProjects } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function projectList(): Command {
  return new Command("list")
    .description("List the projects of a database, oldest first")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (options: { database: string; json?: boolean }) => {
      const projects = await withDatabase(options.database, listProjects);
      print(projects, options.json, () =>
        projects.map(({ id, state, created_at }) => `${id}\t${state}\t${created_at}`),
      );
    });
}
