import type { Database, Transaction } from "../database/database.ts";
import {
  type Administration,
  actAsAdministrator,
  administer,
  administration,
} from "./administration.ts";
import { dropKeys, goBack, type Key, keysOf, makeKey, type Place } from "./reference_keys.ts";
import {
  type ReferringColumn,
  refused,
  requireActingFor,
  requireReferringColumn,
} from "./referring_column.ts";
import { projectNotFound } from "./registry.ts";
import { asTableOwner } from "./table_owner.ts";

/** What becomes of rows that refer to a user who is deleted. */
export type DeleteAction = "cascade" | "set-null" | "restrict";

/** As pg_constraint has them in confdeltype, and as SQL says them. */
const actions: Record<DeleteAction, { readonly code: string; readonly sql: string }> = {
  cascade: { code: "c", sql: "cascade" },
  "set-null": { code: "n", sql: "set null" },
  restrict: { code: "r", sql: "restrict" },
};

/** Every action; `restrict` is the default. */
export const deleteActions = Object.keys(actions) as DeleteAction[];

export interface ReferenceOptions {
  /** `restrict` unless said otherwise: a user to whom rows refer is not deleted. */
  readonly onDelete?: DeleteAction;
  /**
   * The table's owner is trusted as the project's owner. Asked for before PostgreSQL 18, for
   * `cascade`, `set-null` and partitioned tables.
   */
  readonly trusted?: boolean;
}

export interface Reference {
  /** The constraint's name. */
  readonly constraint: string;
  /** False when there was such a key already. */
  readonly changed: boolean;
  /** Whether an index of the table leads with the column; without, each deletion of a user reads all of it. */
  readonly indexed: boolean;
}

/** Milliseconds to wait for the locks on the table and on users. */
const lockTimeout = 5_000;

/**
 * Makes the foreign key of an application's column to a project's users, in one transaction and such
 * that no role keeps a right on users. The column must be of the type uuid itself. A key with another
 * action is replaced; one that is there already is left.
 *
 * @param table with its schema, as the catalogue has both: `shop.notes`
 * @throws AuthError project_not_found; validation_failed for what may not refer, or when the connected
 * role may not act for the table's owner; request_timeout when a lock was not to be had
 */
export async function addReference(
  database: Database,
  id: string,
  table: string,
  column: string,
  { onDelete = "restrict", trusted = false }: ReferenceOptions = {},
): Promise<Reference> {
  const constraint = cut(`${table.slice(table.indexOf(".") + 1)}_${column}_user_fkey`);
  return change(database, id, table, column, async (place) => {
    const { found, keys } = place;
    if (onDelete === "set-null" && !found.isNullable) {
      throw refused(`${table}.${column} is not null, and a deletion would set it so`);
    }
    if (!trusted && place.isBefore18) requireSafe(found, onDelete);
    const isKept = ({ action, validated }: Key) => action === actions[onDelete].code && validated;
    const [kept] = keys.filter(isKept);
    if (kept && keys.length === 1) {
      return { constraint: kept.name, changed: false, indexed: found.isIndexed };
    }
    await dropKeys(place);
    await makeKey(place, constraint, actions[onDelete].sql);
    return { constraint, changed: true, indexed: found.isIndexed };
  });
}

/**
 * Drops a column's foreign keys to a project's users.
 *
 * @returns whether there was one
 * @throws AuthError as {@link addReference}
 */
export async function removeReference(
  database: Database,
  id: string,
  table: string,
  column: string,
): Promise<boolean> {
  return change(database, id, table, column, async (place) => {
    await dropKeys(place);
    return place.keys.length > 0;
  });
}

async function change<T>(
  database: Database,
  id: string,
  table: string,
  column: string,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  return administer(database, async (tx) => {
    await tx.script(`set local lock_timeout = ${lockTimeout}`);
    const mode = await administration(tx);
    const [connected] = await tx.query<{ login: string; old: boolean }>(
      `select current_user::text as login,
         current_setting('server_version_num')::int < 180000 as old`,
    );
    const { login = "", old: isBefore18 = true } = connected ?? {};
    const projectOwner = await findOwner(tx, mode, id);
    const isProject = async (schema: string) => (await findProject(tx, schema)) !== null;
    const look = async () => {
      await actAsAdministrator(tx, mode);
      const found = await requireReferringColumn(tx, table, column, isProject);
      await goBack(tx, login);
      return found;
    };
    const before = await look();
    await requireActingFor(tx, before);
    return asTableOwner(tx, before.owner, async (step) => {
      await step(`lock table ${before.quotedTable} in share row exclusive mode`);
      // Nobody changes the table now; before, its owner may have.
      const found = await look();
      if (found.table !== before.table || found.owner !== before.owner) {
        throw refused(`${table} was changed at the same time; try again`);
      }
      const keys = await keysOf(tx, id, found);
      return work({ tx, mode, id, projectOwner, login, found, step, keys, isBefore18 });
    });
  });
}

async function findOwner(tx: Transaction, mode: Administration, id: string): Promise<string> {
  const [row] = await tx.query<{ prepared: boolean }>(
    "select to_regclass('miosa_auth.projects') is not null as prepared",
  );
  if (!row?.prepared) throw projectNotFound(id);
  await actAsAdministrator(tx, mode);
  const owner = await findProject(tx, id);
  if (owner === null) throw projectNotFound(id);
  return owner;
}

async function findProject(tx: Transaction, id: string): Promise<string | null> {
  const [row] = await tx.query<{ owner: string | null }>(
    "select find_project($1) ->> 'owner_role' as owner",
    [id],
  );
  return row?.owner ?? null;
}

// Before 18, what a deletion does to other tables fires their AFTER triggers as whoever deleted; and
// a key of a partitioned table cannot be made first and checked after.
function requireSafe({ isPartitioned }: ReferringColumn, onDelete: DeleteAction): void {
  if (onDelete !== "restrict") {
    throw refused(
      `Before PostgreSQL 18, an AFTER trigger on the table that ${actions[onDelete].sql} fires runs with the rights of the project's owner, who can read every key and hash. Take --on-delete restrict, or say --trusted if you trust the table's owner as the project's owner.`,
    );
  }
  if (isPartitioned) {
    throw refused(
      "Before PostgreSQL 18, the key of a partitioned table is checked while it is made, when its owner could still put another table in its place. Say --trusted if you trust the table's owner as the project's owner.",
    );
  }
}

// As Postgres would, and without leaving half a character.
function cut(name: string): string {
  let cutName = name;
  while (Buffer.byteLength(cutName) > 63) cutName = Array.from(cutName).slice(0, -1).join("");
  return cutName;
}
