import { Command } from "commander";
import { suspendProject } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function projectSuspend(): Command {
  return new Command("suspend")
    .description("Stop serving a project, and change nothing of it; within five seconds")
    .argument("<id>", "the project")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nAll endpoints answer project_suspended. Access tokens that are out verify in your apps until they expire.",
    )
    .action(async (id: string, options: { database: string; json?: boolean }) => {
      const changed = await withDatabase(options.database, (database) =>
        suspendProject(database, id),
      );
      print({ project: id, state: "suspended", changed }, options.json, () => [
        changed ? `Suspended ${id}.` : `${id} was suspended already.`,
      ]);
    });
}
