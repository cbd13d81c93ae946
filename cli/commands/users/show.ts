import { Command } from "commander";
import { showUser } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { details } from "../../terminal.ts";

export function usersShow(): Command {
  return new Command("show")
    .description("Show a user")
    .argument("<project>", "the project")
    .argument("<user>", "its id or its address")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (project: string, who: string, options: { database: string; json?: boolean }) => {
      const user = await withDatabase(options.database, (database) =>
        showUser(database, project, who),
      );
      print(user, options.json, () => details(user));
    });
}
