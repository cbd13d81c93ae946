import { Command } from "commander";
import { resumeProject } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function projectResume(): Command {
  return new Command("resume")
    .description("Serve a suspended project again; within five seconds")
    .argument("<id>", "the project")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (id: string, options: { database: string; json?: boolean }) => {
      const changed = await withDatabase(options.database, (database) =>
        resumeProject(database, id),
      );
      print({ project: id, state: "active", changed }, options.json, () => [
        changed ? `Resumed ${id}.` : `${id} was active already.`,
      ]);
    });
}
