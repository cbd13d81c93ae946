import { Command } from "commander";
import { deleteUser } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function usersDelete(): Command {
  return new Command("delete")
    .description("Delete a user with all its sessions, identities and tokens, for good")
    .argument("<project>", "the project")
    .argument("<user>", "its id or its address")
    .requiredOption("--yes", "say that you mean it")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (project: string, who: string, options: { database: string; json?: boolean }) => {
      const id = await withDatabase(options.database, (database) =>
        deleteUser(database, project, who),
      );
      print({ deleted: id }, options.json, () => [`Deleted ${id}.`]);
    });
}
