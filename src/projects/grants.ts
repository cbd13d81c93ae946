import type { Database, Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { sqlSet } from "../database/sql_files.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "./registry.ts";

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

/**
 * Lets a role that owns an application's tables give them foreign keys to the project's users, of any
 * kind. The role is trusted as the project's owner, with whose rights Postgres checks the key: see
 * SECURITY.md. `addReference` makes a key and trusts nobody.
 *
 * @throws AuthError project_not_found, validation_failed when there is no such role
 */
export async function grantReferences(database: Database, id: string, role: string): Promise<void> {
  await change(database, id, role, (name) => [
    `grant usage on schema ${quoteIdentifier(id)} to ${name}`,
    `grant references (id) on users to ${name}`,
  ]);
}

/**
 * Takes back what {@link grantHelpers} and {@link grantReferences} gave, and sign-in by SQL. Foreign keys that exist
 * stay.
 */
export async function revokeHelpers(database: Database, id: string, role: string): Promise<void> {
  await change(database, id, role, async (name, tx) => [
    `revoke references (id) on users from ${name}`,
    ...(await sqlLoginOf(tx, role)).map(
      (signature) => `revoke execute on function ${signature} from ${name}`,
    ),
    `revoke execute on function ${sqlSet("project").helpers.join(", ")} from ${name}`,
    `revoke usage on schema ${quoteIdentifier(id)} from ${name}`,
  ]);
}

async function change(
  database: Database,
  id: string,
  role: string,
  statements: (name: string, tx: Transaction) => string[] | Promise<string[]>,
): Promise<void> {
  await asProjectOwner(database, id, async (tx) => {
    // Looked up, since GRANT takes even a quoted "public" for everybody.
    const [found] = await tx.query("select from pg_roles where rolname = $1", [role]);
    if (!found) throw new AuthError("validation_failed", { message: `There is no role ${role}` });
    await tx.script((await statements(quoteIdentifier(role), tx)).join(";\n"));
  });
}

// The sign-in functions that are installed on request, as far as the role may call them.
async function sqlLoginOf(tx: Transaction, role: string): Promise<string[]> {
  const rows = await tx.query<{ signature: string }>(
    `select p.oid::regprocedure::text as signature
     from pg_proc p, aclexplode(p.proacl) a
     where p.pronamespace = current_schema()::regnamespace
       and p.proname in ('signup_with_password', 'login_with_password') and a.grantee::regrole = to_regrole(quote_ident($1))`,
    [role],
  );
  return rows.map(({ signature }) => signature);
}
