import { Command } from "commander";
import { AuthError, grantHelpers, grantReferences } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  references?: boolean;
  trusted?: boolean;
  json?: boolean;
}

export function projectGrant(): Command {
  return new Command("grant")
    .description("Let a database role use the project's helpers for RLS policies, and nothing else")
    .argument("<id>", "the project")
    .argument("<role>", "the database role that your application queries as")
    .option(
      "--references",
      "also let it make foreign keys to users (id) by itself; wants --trusted",
    )
    .option("--trusted", "the role is trusted as the project's owner")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
You hardly need --references: \`miosa-auth project reference\` makes foreign keys and trusts nobody.
Postgres checks a foreign key with the rights of the owner of users, and a role that makes types and
casts of its own can have its code run there (SECURITY.md).`,
    )
    .action(async (id: string, role: string, options: Options) => {
      const { references = false, trusted = false } = options;
      if (references && !trusted) {
        throw new AuthError("validation_failed", {
          message: `A role with this right can read every key and hash of ${id}. Make its foreign keys with \`miosa-auth project reference\` instead, or say --trusted if you trust ${role} as the project's owner`,
        });
      }
      await withDatabase(options.database, async (database) => {
        await grantHelpers(database, id, role);
        if (references) await grantReferences(database, id, role);
      });
      print({ project: id, granted: role, references }, options.json, () => [
        `${role} may use the helpers of ${id}${references ? ", and refer to its users" : ""}.`,
      ]);
    });
}
