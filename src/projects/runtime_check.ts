import type { Database } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import { administer } from "./administration.ts";

/**
 * Whether the connected login can serve the projects of a database.
 *
 * @returns what an operator should know, a sentence each
 * @throws AuthError validation_failed when it cannot, saying what to do; service_unavailable
 */
export async function checkRuntime(database: Database): Promise<string[]> {
  const [row] = await administer(database, (tx) =>
    tx.query<{
      name: string;
      prepared: boolean;
      allowed: boolean;
      privileged: boolean;
      unlimited: boolean;
    }>(`
      select current_user::text as name,
        to_regnamespace('miosa_auth') is not null as prepared,
        coalesce((
          select has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute')
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where n.nspname = 'miosa_auth' and p.proname = 'find_project'
        ), false) as allowed,
        (select rolsuper or rolcreaterole from pg_roles where rolname = current_user)
          or pg_has_role(current_user, coalesce(
            (select oid from pg_roles where rolname = 'miosa_auth_admin'),
            (select oid from pg_roles where rolname = current_user)
          ), 'member') as privileged,
        current_setting('statement_timeout') = '0' as unlimited`),
  );
  if (!row?.prepared) {
    throw new AuthError("validation_failed", {
      message: "This database holds no projects yet; run: miosa-auth database init --database URL",
    });
  }
  if (!row.allowed) {
    throw new AuthError("validation_failed", {
      message: `${row.name} may not serve this database; run as its administrator: miosa-auth database init --runtime-role ${row.name}`,
    });
  }
  const notes: string[] = [];
  if (row.privileged) {
    notes.push(
      `${row.name} holds more rights than a server needs; give it a login of its own with: miosa-auth database init --runtime-role NAME`,
    );
  }
  if (row.unlimited && database.engine === "postgres") {
    notes.push(
      `${row.name} has no statement_timeout; miosa-auth database init --runtime-role sets one`,
    );
  }
  return notes;
}
