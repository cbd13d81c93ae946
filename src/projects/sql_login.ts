import type { Database, Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { sqlSet } from "../database/sql_files.ts";
import { AuthError } from "../errors.ts";
import { outsideGrantee } from "./administration.ts";
import { asProjectOwner } from "./registry.ts";

const offered = ["signup_with_password(text, text, jsonb)", "login_with_password(text, text)"];
const inner = [
  "sql_session(jsonb, bytea)",
  "bcrypt_hash(text, text)",
  "bcrypt_salt(integer)",
  "refresh_secret()",
];

export interface SqlLoginOptions {
  /** A role that may call them; nobody without one. */
  readonly role?: string;
}

/**
 * Installs `signup_with_password` and `login_with_password` into a project's schema, for
 * applications that have SQL alone. They need pgcrypto. Passwords are then in statements, and so in
 * logs that hold statements or their parameters; and a caller that rolls back takes its guesses back.
 *
 * @throws AuthError project_not_found, validation_failed without pgcrypto or for an unknown role
 */
export async function installSqlLogin(
  database: Database,
  id: string,
  { role }: SqlLoginOptions = {},
): Promise<void> {
  await asProjectOwner(database, id, async (tx) => {
    await addSqlLogin(tx, id);
    if (role === undefined) return;
    const [found] = await tx.query("select from pg_roles where rolname = $1", [role]);
    if (!found) throw refused(`There is no role ${role}`);
    const name = quoteIdentifier(role);
    await tx.script(`
      grant usage on schema ${quoteIdentifier(id)} to ${name};
      grant execute on function ${offered.join(", ")} to ${name}`);
  });
}

/** Drops them again, with every grant that was made on them. */
export async function removeSqlLogin(database: Database, id: string): Promise<void> {
  await asProjectOwner(database, id, (tx) =>
    tx.script(`
      drop function if exists ${[...offered, ...inner].join(", ")}`),
  );
}

/** Brings them to this release where they are installed; run as the schema's owner. */
export async function upgradeSqlLogin(tx: Transaction, id: string): Promise<void> {
  const [row] = await tx.query<{ installed: boolean }>(
    "select to_regprocedure(format('%I.login_with_password(text, text)', $1::text)) is not null as installed",
    [id],
  );
  if (row?.installed) await addSqlLogin(tx, id);
}

/** Installs them into a schema; run as its owner. */
export async function addSqlLogin(tx: Transaction, id: string): Promise<void> {
  const { pgcrypto, functions } = sqlSet("project").sqlLogin;
  const [extension] = await tx.query<{ schema: string; enters: boolean; grantee: string }>(
    `select n.nspname::text as schema, has_schema_privilege(n.oid, 'usage') as enters,
      ${outsideGrantee} as grantee
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     where e.extname = 'pgcrypto'`,
  );
  if (!extension) throw refused("pgcrypto is not installed. Run: create extension pgcrypto;");
  const { schema, enters, grantee } = extension;
  if (!enters)
    throw refused(`Run: grant usage on schema ${quoteIdentifier(schema)} to ${grantee};`);
  const own = quoteIdentifier(id);
  // Only these see the extension's schema, and only while they are made.
  await tx.script(`
    set local check_function_bodies = off;
    set local search_path = ${own}, ${quoteIdentifier(schema)}, pg_temp;
    ${pgcrypto}
    set local search_path = ${own}, pg_temp;
    ${functions}
    revoke execute on function ${[...offered, ...inner].join(", ")} from public`);
}

function refused(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}
