import type { Database, Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { inOwnNames } from "../database/own_names.ts";
import { sqlSet } from "../database/sql_files.ts";
import { inOwnerSteps } from "./owner_step.ts";

/**
 * How an administrator installs. With `roles`, every project has an owner role of its own, made by
 * the group `miosa_auth_admin`. Without (the administrator may not make roles), the administrator
 * owns all schemas: the wall between projects is then only the functions themselves.
 */
export type Administration = "roles" | "single-owner";

/**
 * A transaction of an administrator, in which nothing waits for the commit. Its path is Postgres' own catalogue until it takes another: under
 * the login's usual one, whoever may create in `public` could put a function that fits better in the
 * place of one that is named here (CVE-2018-1058), and it would run with the administrator's rights.
 */
export function administer<T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.script("set local search_path = pg_catalog, pg_temp; set constraints all immediate");
    return work(tx);
  });
}

/** How the connected role can install in this database. */
export async function administration(tx: Transaction): Promise<Administration> {
  // On 16 and later, whoever creates a role is its member without the right to become it.
  const [row] = await tx.query<{ member: boolean }>(`
    select coalesce(bool_or(pg_has_role(current_user, oid,
      case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end
    )), false) as member
    from pg_roles where rolname = 'miosa_auth_admin'`);
  return row?.member ? "roles" : "single-owner";
}

/** Takes the group's role for the rest of the transaction, and the shared schema as its path. */
export async function actAsAdministrator(tx: Transaction, mode: Administration): Promise<void> {
  if (mode === "roles") await tx.script("set local role miosa_auth_admin");
  await tx.script("set local search_path = miosa_auth, pg_temp");
}

/**
 * Runs `work` with statements that act for a schema's owner, with the schema as their path, and goes
 * back to the group's role: see {@link inOwnerSteps}. Where the administrator owns all schemas itself,
 * there is no wall, and statements run as they are.
 */
export function asOwner<T>(
  tx: Transaction,
  mode: Administration,
  schema: string,
  owner: string,
  work: (owned: Transaction) => Promise<T>,
): Promise<T> {
  if (mode === "single-owner") return directly(tx, mode, schema, work);
  const act = (owned: Transaction) => work(inNamesOf(schema, owned));
  return asMember(tx, mode, owner, () => inOwnerSteps(tx, schema, owner, act));
}

/**
 * {@link asOwner} in a schema that this transaction made, by `set role`: nobody can have put code there
 * yet, and creating a project takes many statements.
 */
export function asFirstOwner<T>(
  tx: Transaction,
  mode: Administration,
  schema: string,
  owner: string,
  work: (owned: Transaction) => Promise<T>,
): Promise<T> {
  if (mode === "single-owner") return directly(tx, mode, schema, work);
  return asMember(tx, mode, owner, async () => {
    await tx.script(`set local role ${quoteIdentifier(owner)}`);
    return directly(tx, mode, schema, work);
  });
}

async function directly<T>(
  tx: Transaction,
  mode: Administration,
  schema: string,
  work: (owned: Transaction) => Promise<T>,
): Promise<T> {
  await tx.script(`set local search_path = ${quoteIdentifier(schema)}, pg_temp`);
  const value = await work(inNamesOf(schema, tx));
  // What was deferred all the same runs now, and not at commit with other names.
  await tx.script("set constraints all immediate");
  await actAsAdministrator(tx, mode);
  return value;
}

function inNamesOf(schema: string, tx: Transaction): Transaction {
  return inOwnNames(tx, sqlSet("project").ownNames, schema);
}

// The membership ends with the work: an administrator who stayed a member of thousands of owners would
// pay for it at every connection.
async function asMember<T>(
  tx: Transaction,
  mode: Administration,
  owner: string,
  work: () => Promise<T>,
): Promise<T> {
  const role = quoteIdentifier(owner);
  await tx.script(`set local role miosa_auth_admin; grant ${role} to miosa_auth_admin`);
  const value = await work();
  await actAsAdministrator(tx, mode);
  await tx.script(`revoke ${role} from miosa_auth_admin`);
  return value;
}

/**
 * In SQL, as a project's owner: to whom a customer grants what the owner needs outside its schema.
 * The group where there is one, since a grant to the owner itself would hold up its deletion.
 */
export const outsideGrantee = `quote_ident(coalesce(
  (select g.rolname from pg_roles g where g.rolname = 'miosa_auth_project' and pg_has_role(g.oid, 'usage')),
  current_user
))`;
