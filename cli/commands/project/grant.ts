import { Command } from "commander";
import { grantHelpers } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function projectGrant(): Command {
  return new Command("grant")
    .description("Let a database role use the project's helpers for RLS policies, and nothing else")
    .argument("<id>", "the project")
    .argument("<role>", "the database role that your application queries as")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (id: string, role: string, options: { database: string; json?: boolean }) => {
      await withDatabase(options.database, (database) => grantHelpers(database, id, role));
      print({ project: id, granted: role }, options.json, () => [
        `${role} may use the helpers of ${id}.`,
      ]);
    });
}
