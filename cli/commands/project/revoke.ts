import { Command } from "commander";
import { revokeHelpers } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function projectRevoke(): Command {
  return new Command("revoke")
    .description("Take back what grant gave; foreign keys that exist stay")
    .argument("<id>", "the project")
    .argument("<role>", "the database role that your application queries as")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (id: string, role: string, options: { database: string; json?: boolean }) => {
      await withDatabase(options.database, (database) => revokeHelpers(database, id, role));
      print({ project: id, revoked: role }, options.json, () => [
        `${role} may no longer use the helpers of ${id}, nor refer to its users anew.`,
      ]);
    });
}
