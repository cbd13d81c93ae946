import { Command } from "commander";
import { grantHelpers, grantReferences } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  references?: boolean;
  json?: boolean;
}

export function projectGrant(): Command {
  return new Command("grant")
    .description("Let a database role use the project's helpers for RLS policies, and nothing else")
    .argument("<id>", "the project")
    .argument("<role>", "the database role that your application queries as")
    .option("--references", "also let it give its tables foreign keys to users (id)")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
--references is for the role that owns your tables, and only if you trust it as the project's owner:
Postgres checks a foreign key with the rights of the owner of users, and a role that makes types and
casts of its own can have its code run there (SECURITY.md). Prefer \`on delete cascade\` or
\`on delete set null\`; a key that restricts keeps users from deleting themselves.`,
    )
    .action(async (id: string, role: string, options: Options) => {
      const { references = false } = options;
      await withDatabase(options.database, async (database) => {
        await grantHelpers(database, id, role);
        if (references) await grantReferences(database, id, role);
      });
      print({ project: id, granted: role, references }, options.json, () => [
        `${role} may use the helpers of ${id}${references ? ", and refer to its users" : ""}.`,
      ]);
    });
}
