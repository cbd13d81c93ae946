import { Command } from "commander";
import { unbanUser } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function usersUnban(): Command {
  return new Command("unban")
    .description("Lift a ban")
    .argument("<project>", "the project")
    .argument("<user>", "its id or its address")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (project: string, who: string, options: { database: string; json?: boolean }) => {
      const user = await withDatabase(options.database, (database) =>
        unbanUser(database, project, who),
      );
      print(user, options.json, () => [`${user.email} is not banned.`]);
    });
}
