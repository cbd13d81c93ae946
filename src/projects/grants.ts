import type { Database } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { sqlSet } from "../database/sql_files.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "./registry.ts";

const undefinedObject = "42704";

/**
 * Lets an application's role use the helpers that policies are written with, and nothing else.
 *
 * @throws AuthError project_not_found, validation_failed when there is no such role
 */
export async function grantHelpers(database: Database, id: string, role: string): Promise<void> {
  await change(database, id, role, (name) => [
    `grant usage on schema ${quoteIdentifier(id)} to ${name}`,
    `grant execute on function ${sqlSet("project").helpers.join(", ")} to ${name}`,
  ]);
}

/** Takes back what {@link grantHelpers} gave. */
export async function revokeHelpers(database: Database, id: string, role: string): Promise<void> {
  await change(database, id, role, (name) => [
    `revoke execute on function ${sqlSet("project").helpers.join(", ")} from ${name}`,
    `revoke usage on schema ${quoteIdentifier(id)} from ${name}`,
  ]);
}

async function change(
  database: Database,
  id: string,
  role: string,
  statements: (name: string) => string[],
): Promise<void> {
  try {
    await asProjectOwner(database, id, (tx) =>
      tx.script(statements(quoteIdentifier(role)).join(";\n")),
    );
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.sqlstate !== undefinedObject) throw error;
    throw new AuthError("validation_failed", { message: `There is no role ${role}`, cause: error });
  }
}
