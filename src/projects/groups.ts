import type { Database, Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { AuthError } from "../errors.ts";
import {
  type Administration,
  actAsAdministrator,
  administer,
  administration,
} from "./administration.ts";

const insufficientPrivilege = "42501";

/**
 * Makes the groups of this cluster, in a short transaction of their own. Two administrators may do
 * so at once, and roles have no `if not exists`: who comes second finds them made.
 */
export async function ensureGroups(database: Database): Promise<Administration> {
  const [role] = await administer(database, (tx) =>
    tx.query<{ createrole: boolean; admin_exists: boolean }>(`
      select rolcreaterole or rolsuper as createrole,
        exists (select from pg_roles where rolname = 'miosa_auth_admin') as admin_exists
      from pg_roles where rolname = current_user`),
  );
  if (role?.createrole) {
    await administer(database, async (tx) => {
      await createRole(tx, "miosa_auth_admin nologin createrole");
      await joinAdministrators(tx);
    });
    await administer(database, async (tx) => {
      await tx.script("set local role miosa_auth_admin");
      await createRole(tx, "miosa_auth_runtime nologin");
      await createRole(tx, "miosa_auth_project nologin");
    });
  }
  return administer(database, administration);
}

async function createRole(tx: Transaction, definition: string): Promise<void> {
  await tx.script(`
    do $$
    begin
      create role ${definition};
    exception when duplicate_object or unique_violation then
      null;
    end
    $$`);
}

async function joinAdministrators(tx: Transaction): Promise<void> {
  if ((await administration(tx)) === "roles") return;
  const [row] = await tx.query<{ name: string }>("select quote_ident(session_user) as name");
  try {
    await tx.script(`
      do $$
      begin
        grant miosa_auth_admin to current_user;
      exception when unique_violation then
        null;
      end
      $$`);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.sqlstate !== insufficientPrivilege) throw error;
    throw new AuthError("validation_failed", {
      message: `Another administrator prepared this cluster; ask for: grant miosa_auth_admin to ${row?.name};`,
      cause: error,
    });
  }
}

/**
 * Lets a login be the server's: a member of the runtime group, with time limits of its own, since a
 * pooler does not carry settings of a session.
 *
 * @returns what the operator still has to do, a line each
 */
export async function prepareRuntimeRole(tx: Transaction, name: string): Promise<string[]> {
  const role = quoteIdentifier(name);
  const [existing] = await tx.query<{ rolcanlogin: boolean; is_self: boolean }>(
    "select rolcanlogin, rolname = session_user as is_self from pg_roles where rolname = $1",
    [name],
  );
  await actAsAdministrator(tx, "roles");
  const notes: string[] = [];
  if (!existing) {
    await tx.script(`create role ${role} login`);
    notes.push(
      `The role ${name} was made without a password; set one, for instance with \\password ${name} in psql.`,
    );
  }
  await tx.script(`grant miosa_auth_runtime to ${role}`);
  if (existing?.is_self) {
    notes.push(
      `${name} is an administrator: a server that connects as it holds more rights than it needs. Prefer a login of its own.`,
    );
    return notes;
  }
  const limits = [
    `alter role ${role} set statement_timeout = '10s'`,
    `alter role ${role} set lock_timeout = '5s'`,
    `alter role ${role} set idle_in_transaction_session_timeout = '10s'`,
  ];
  await tx.script("savepoint limits");
  try {
    await tx.script(limits.join(";\n"));
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.sqlstate !== insufficientPrivilege) throw error;
    await tx.script("rollback to savepoint limits");
    notes.push(`The role ${name} was made by someone else, who should run: ${limits.join("; ")};`);
  }
  return notes;
}
