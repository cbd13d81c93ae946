import { callMilliseconds, firstRows, rowsAfter } from "../database/batch_rows.ts";
import type { Database } from "../database/database.ts";
import type { PrunePosition, PruneStep } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "./registry.ts";

type TimedStep = { readonly value: PruneStep; readonly milliseconds: number };

/** Rows that were forgotten, by kind; kinds without any are left out. */
export type PrunedRows = Readonly<Record<string, number>>;

/**
 * Forgets all that is over in a project, a transaction after the other, each as small as a server's: what was
 * forgotten before a failure stays so. Servers do the same by themselves, little by little.
 *
 * @throws AuthError project_not_found
 */
export async function pruneProject(database: Database, id: string): Promise<PrunedRows> {
  const total: Record<string, number> = {};
  let from: PrunePosition | null = null;
  let rows = firstRows;
  do {
    const { value, milliseconds } = await pruneStep(database, id, rows, from);
    const { deleted, next } = value;
    for (const [kind, count] of Object.entries(deleted)) total[kind] = (total[kind] ?? 0) + count;
    rows = rowsAfter({ rows, forgotten: Math.max(0, ...Object.values(deleted)), milliseconds });
    from = next;
  } while (from);
  return total;
}

function pruneStep(
  database: Database,
  id: string,
  rows: number,
  from: PrunePosition | null,
): Promise<TimedStep> {
  return asProjectOwner(database, id, async (tx) => {
    const [row] = await tx.query<TimedStep>(
      `select value, ${callMilliseconds} as milliseconds from prune($1::integer, $2::jsonb) as value`,
      [rows, from && JSON.stringify(from)],
    );
    if (!row) throw new AuthError("unexpected_failure");
    return row;
  });
}
