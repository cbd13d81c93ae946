import { Command } from "commander";
import { deleteProject } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function projectDelete(): Command {
  return new Command("delete")
    .description("Delete a project: its users, its schema and its role, for good")
    .argument("<id>", "the project")
    .requiredOption("--yes", "say that you mean it")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nNothing outside the schema is dropped with it: a policy that uses a helper refuses the deletion and is named.",
    )
    .action(async (id: string, options: { database: string; json?: boolean }) => {
      await withDatabase(options.database, (database) => deleteProject(database, id));
      print({ deleted: id }, options.json, () => [`Deleted ${id}.`]);
    });
}
