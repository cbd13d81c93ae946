import type { Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { type Administration, asOwner } from "./administration.ts";
import { type ReferringColumn, refused } from "./referring_column.ts";
import type { OwnerStep } from "./table_owner.ts";

export interface Key {
  readonly name: string;
  /** As in pg_constraint.confdeltype. */
  readonly action: string;
  readonly validated: boolean;
  /** Made on a partitioned table that this one is a part of. */
  readonly inherited: boolean;
}

/** A column that is being worked on, in a transaction that has locked its table. */
export interface Place {
  readonly tx: Transaction;
  readonly mode: Administration;
  readonly id: string;
  /** The owner of the project's schema. */
  readonly projectOwner: string;
  /** The connected role, back to which the transaction goes. */
  readonly login: string;
  readonly found: ReferringColumn;
  readonly step: OwnerStep;
  readonly keys: readonly Key[];
  readonly isBefore18: boolean;
}

/** Becomes the connected role again. */
export async function goBack(tx: Transaction, login: string): Promise<void> {
  await tx.script(`
    set local role ${quoteIdentifier(login)};
    set local search_path = pg_catalog, pg_temp`);
}

/** The foreign keys of a column to a project's users. */
export async function keysOf(tx: Transaction, id: string, found: ReferringColumn): Promise<Key[]> {
  return tx.query<Key & Record<string, unknown>>(
    `select k.conname::text as name, k.confdeltype::text as action, k.convalidated as validated,
       k.conparentid <> 0 as inherited
     from pg_constraint k
     join pg_class u on u.oid = k.confrelid and u.relname = 'users'
     join pg_namespace n on n.oid = u.relnamespace and n.nspname = $3
     where k.contype = 'f' and k.conrelid = $1::oid and k.conkey = array[$2::smallint]
     order by k.conname`,
    [found.table, found.attnum, id],
  );
}

export async function dropKeys({ found, step, keys }: Place): Promise<void> {
  if (keys.some(({ inherited }) => inherited)) {
    throw refused(`${found.quotedTable} has the key of a partitioned table: name that one`);
  }
  for (const { name } of keys) {
    await step(`alter table ${found.quotedTable} drop constraint ${quoteIdentifier(name)}`);
  }
}

// The table's owner may refer to users in this transaction alone, which nobody else sees.
async function withReferences(place: Place, work: () => Promise<void>): Promise<void> {
  const { tx, mode, id, projectOwner, login, found } = place;
  const role = quoteIdentifier(found.owner);
  const schema = quoteIdentifier(id);
  let lacking: { enter: boolean; refer: boolean } | undefined;
  await asOwner(tx, mode, id, projectOwner, async (owned) => {
    [lacking] = await owned.query<{ enter: boolean; refer: boolean }>(
      `select not has_schema_privilege($1::name, $2::text, 'usage') as enter,
         not has_column_privilege($1::name, 'users', 'id', 'references') as refer`,
      [found.owner, id],
    );
    if (lacking?.enter) await owned.script(`grant usage on schema ${schema} to ${role}`);
    if (lacking?.refer) await owned.script(`grant references (id) on users to ${role}`);
  });
  await goBack(tx, login);
  await work();
  await asOwner(tx, mode, id, projectOwner, async (owned) => {
    if (lacking?.refer) await owned.script(`revoke references (id) on users from ${role}`);
    if (lacking?.enter) await owned.script(`revoke usage on schema ${schema} from ${role}`);
  });
  await goBack(tx, login);
}

/**
 * Makes a key and then checks the rows that are there.
 *
 * @param action what `on delete` does, as SQL says it
 */
export async function makeKey(place: Place, constraint: string, action: string): Promise<void> {
  const { step, found } = place;
  await withReferences(place, () => addConstraint(place, constraint, action));
  await step(`alter table ${found.quotedTable} validate constraint ${quoteIdentifier(constraint)}`);
}

// Made without a look at the rows, which would run a cast of a foreign type, and looked at itself
// first: a lock holds the table, and not the name of its schema.
async function addConstraint(
  { tx, id, found, step, isBefore18 }: Place,
  constraint: string,
  action: string,
): Promise<void> {
  const isCheckedAfter = !(found.isPartitioned && isBefore18);
  await step(`
    alter table ${found.quotedTable} add constraint ${quoteIdentifier(constraint)}
    foreign key (${quoteIdentifier(found.column)}) references ${quoteIdentifier(id)}.users (id)
    on delete ${action} ${isCheckedAfter ? "not valid" : ""}`);
  if ((await keysOf(tx, id, found)).some(({ name }) => name === constraint)) return;
  throw refused(`${found.quotedTable} was changed at the same time; try again`);
}
