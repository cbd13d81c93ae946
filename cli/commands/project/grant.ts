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
--references is for the role that owns your tables. The check of a foreign key passes row-level
security by: it tells whether an id exists, and nothing else of a user. Prefer \`on delete cascade\`
or \`on delete set null\`; a key that restricts keeps users from deleting themselves.`,
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
