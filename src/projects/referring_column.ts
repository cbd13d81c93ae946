import type { Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { AuthError } from "../errors.ts";

/** A column of an application's table, as the catalogue has it. */
export interface ReferringColumn {
  /** The table's oid, as text. */
  readonly table: string;
  /** The table with its schema, quoted. */
  readonly quotedTable: string;
  readonly column: string;
  readonly attnum: number;
  readonly owner: string;
  readonly isPartitioned: boolean;
  readonly isNullable: boolean;
  /** Whether an index leads with the column. */
  readonly isIndexed: boolean;
}

type Row = {
  table: string;
  kind: string;
  temporary: boolean;
  system: boolean;
  owner: string;
  partitioned: boolean;
  attnum: number | null;
  plain_uuid: boolean | null;
  type: string | null;
  nullable: boolean | null;
  indexed: boolean;
};

/**
 * Looks a column up by the names that the catalogue has, such as `shop.notes` and `owner_id`.
 *
 * @param isProject whether a schema is a project's
 * @throws AuthError validation_failed for what may not refer to users
 */
export async function requireReferringColumn(
  tx: Transaction,
  name: string,
  column: string,
  isProject: (schema: string) => Promise<boolean>,
): Promise<ReferringColumn> {
  const [schema = "", table = "", ...rest] = name.split(".");
  if (schema === "" || table === "" || rest.length > 0) {
    throw refused(`Name the table with its schema, such as shop.notes: ${name}`);
  }
  const [row] = await tx.query<Row>(columnQuery, [schema, table, column]);
  if (!row) throw refused(`There is no table ${name}`);
  if (row.kind !== "r" && row.kind !== "p") throw refused(`${name} is not a table`);
  if (row.temporary) throw refused(`${name} is a temporary table`);
  if (row.system || schema === "miosa_auth" || (await isProject(schema))) {
    throw refused(`${name} is not a table of an application's`);
  }
  if (row.attnum === null) throw refused(`${name} has no column ${column}`);
  if (!row.plain_uuid) {
    throw refused(
      `${name}.${column} is of type ${row.type}, and a key to users needs uuid itself: Postgres would run a cast of its own type with the rights of the project's owner`,
    );
  }
  return {
    table: row.table,
    quotedTable: `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`,
    column,
    attnum: row.attnum,
    owner: row.owner,
    isPartitioned: row.partitioned,
    isNullable: row.nullable === true,
    isIndexed: row.indexed,
  };
}

/** Refuses unless the connected role may act for a table's owner. */
export async function requireActingFor(
  tx: Transaction,
  { quotedTable, owner }: ReferringColumn,
): Promise<void> {
  const [row] = await tx.query<{ may: boolean; grant: string }>(
    `select pg_has_role(current_user, $1::name,
        case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as may,
      format('grant %I to %I;', $1::text, current_user) as grant`,
    [owner],
  );
  if (row?.may) return;
  throw refused(
    `${quotedTable} belongs to ${owner}, whom this administrator may not act for. As a role that may: ${row?.grant}`,
  );
}

export function refused(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}

const columnQuery = `
select c.oid::text as table, c.relkind::text as kind, c.relpersistence = 't' as temporary,
  n.nspname like 'pg\\_%' or n.nspname = 'information_schema' as system,
  pg_get_userbyid(c.relowner)::text as owner, c.relkind = 'p' as partitioned,
  a.attnum::int as attnum, a.atttypid = 'pg_catalog.uuid'::regtype as plain_uuid,
  format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
  exists (select from pg_index i where i.indrelid = c.oid and i.indisvalid
    and i.indpred is null and i.indkey[0] = a.attnum) as indexed
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attname = $3 and a.attnum > 0 and not a.attisdropped
where n.nspname = $1 and c.relname = $2
`;
