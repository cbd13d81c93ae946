import { Command } from "commander";
import { listUserSessions, revokeUserSessions } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { table } from "../../terminal.ts";

interface Options {
  database: string;
  revokeAll?: boolean;
  json?: boolean;
}

export function usersSessions(): Command {
  return new Command("sessions")
    .description("List the live sessions of a user, or end them all")
    .argument("<project>", "the project")
    .argument("<user>", "its id or its address")
    .option("--revoke-all", "sign the user out everywhere")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (project: string, who: string, options: Options) => {
      await withDatabase(options.database, async (database) => {
        if (options.revokeAll) {
          const revoked = await revokeUserSessions(database, project, who);
          print({ revoked }, options.json, () => [`Ended ${revoked} session(s).`]);
          return;
        }
        const sessions = await listUserSessions(database, project, who);
        print(sessions, options.json, () =>
          table(
            ["id", "created", "last active", "address", "agent"],
            sessions.map((s) => [s.id, s.created_at, s.last_active_at, s.ip, s.user_agent]),
          ),
        );
      });
    });
}
