import { randomBytes } from "node:crypto";
import type { Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";

/** Runs one statement with the rights of a table's owner. */
export type OwnerStep = (statement: string) => Promise<void>;

/**
 * Lends `work` a way to run statements with the rights of a role that the connected one may act for,
 * from within a definer function: code of that role's own that a statement might run could go back
 * from `set role` to the administrator, and cannot leave a definer function, nor put anything off until
 * after it. The function is in a schema of this transaction alone, which nobody else ever sees.
 */
export async function asTableOwner<T>(
  tx: Transaction,
  owner: string,
  work: (step: OwnerStep) => Promise<T>,
): Promise<T> {
  const role = quoteIdentifier(owner);
  const schema = quoteIdentifier(`miosa_step_${randomBytes(8).toString("hex")}`);
  await tx.script(`
    create schema ${schema};
    grant usage, create on schema ${schema} to ${role};
    create function ${schema}.step(p_statement text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$ begin execute p_statement; set constraints all immediate; end $$;
    grant execute on function ${schema}.step(text) to current_user;
    revoke execute on function ${schema}.step(text) from public;
    alter function ${schema}.step(text) owner to ${role}`);
  const value = await work(async (statement) => {
    await tx.query(`select ${schema}.step($1)`, [statement]);
    // A setting that its code made for the session would outlive the step.
    await tx.script("set local search_path = pg_catalog, pg_temp");
  });
  await tx.script(`drop function ${schema}.step(text); drop schema ${schema}`);
  return value;
}
