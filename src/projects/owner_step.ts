import { randomBytes } from "node:crypto";
import type { Row, Transaction } from "../database/database.ts";
import { quoteIdentifier, quoteLiteral } from "../database/identifiers.ts";
import { AuthError } from "../errors.ts";

// As many as run_owner_step() passes on.
const mostParameters = 8;

/**
 * Runs `work` with a transaction whose statements act for a schema's owner, whatever code stands in the
 * schema: a trigger, a replaced function, an operator, a default.
 *
 * `set role` alone would be no wall: code that runs after it may `reset role`, and is the administrator.
 * So each statement runs while Postgres fills a materialized view of the owner's, and that is a
 * security-restricted operation: roles cannot be taken, nothing can be deferred to the commit, no
 * temporary table, cursor, prepared statement or setting of the session outlives it. What goes in and
 * what comes out lies in a table of the group's, to which the owner may add rows and do nothing else,
 * in a schema of this transaction alone.
 *
 * Three things follow. Values go as text, so a statement casts those that are of another type
 * (`$2::bytea`), and rows come back as JSON. Settings made by one statement are gone in the next, so
 * what needs them is one script. What a customer deferred is checked in its statement.
 *
 * @param owner has a role of its own, which the group `miosa_auth_admin` may take
 */
export async function inOwnerSteps<T>(
  tx: Transaction,
  schema: string,
  owner: string,
  work: (owned: Transaction) => Promise<T>,
): Promise<T> {
  const name = `owner_step_${randomBytes(12).toString("hex")}`;
  const home = quoteIdentifier(name);
  const role = quoteIdentifier(owner);
  const before = await countTemporary(tx);
  await tx.script(`
    set local role miosa_auth_admin;
    set local search_path = pg_catalog, pg_temp;
    create schema ${home};
    grant usage, create on schema ${home} to ${role};
    create table ${home}.step (statement text, parameters text[], place integer, answer json);
    grant select, insert on ${home}.step to ${role}`);

  async function step(text: string, parameters: readonly unknown[] | null) {
    if ((parameters?.length ?? 0) > mostParameters) {
      throw new RangeError(`an owner's statement has at most ${mostParameters} parameters`);
    }
    // As parameters, so that no log of failed statements shows what is in them.
    await tx.query(`insert into ${home}.step values ($1::text, $2::text[])`, [
      text,
      parameters?.map(asText) ?? null,
    ]);
    // As the owner itself no statement runs but these, which run no code before the view is filled.
    await tx.script(`
      set local role ${role};
      create materialized view ${home}.filled as
        select miosa_auth.run_owner_step(${quoteLiteral(name)}, ${quoteLiteral(schema)}, ${parameters !== null}) as done;
      drop materialized view ${home}.filled;
      set local role miosa_auth_admin`);
    return tx.query<{ answer: Row }>(`
      with taken as (delete from ${home}.step returning place, answer)
      select answer from taken where place is not null order by place`);
  }

  const value = await work({
    async query<R extends Row>(text: string, parameters: readonly unknown[] = []) {
      return (await step(text, parameters)).map(({ answer }) => answer as R);
    },
    async script(sql) {
      await step(sql, null);
    },
  });
  if ((await countTemporary(tx)) > before) {
    throw new AuthError("validation_failed", {
      message: `Code in the schema ${schema} made temporary objects; miosa-auth doctor names what is not of this release`,
    });
  }
  await tx.script(`
    drop table ${home}.step;
    drop schema ${home}`);
  return value;
}

// A temporary type is the one thing that such an operation may leave in a session, and where a path does
// not name pg_temp, types are looked up there first.
async function countTemporary(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ count: number }>(`
    select count(*)::int from pg_catalog.pg_depend
    where refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and refobjid = pg_catalog.pg_my_temp_schema()`);
  return row?.count ?? 0;
}

function asText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  if (["string", "number", "boolean"].includes(typeof value)) return String(value);
  if (Array.isArray(value)) {
    return `{${value.map((text: string) => `"${text.replaceAll(/["\\]/g, "\\$&")}"`).join(",")}}`;
  }
  throw new TypeError(
    "a parameter of an owner's statement is a text, number, boolean, bytes or texts",
  );
}
