import type { Database } from "../database/database.ts";
import type { PrunePosition, PruneStep } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "./registry.ts";

/** Rows that were forgotten, by kind; kinds without any are left out. */
export type PrunedRows = Readonly<Record<string, number>>;

const rowsInStep = 500;

/**
 * Forgets all that is over in a project, a small transaction after the other: what was forgotten before a
 * failure stays so. Servers do the same by themselves, little by little.
 *
 * @throws AuthError project_not_found
 */
export async function pruneProject(database: Database, id: string): Promise<PrunedRows> {
  const total: Record<string, number> = {};
  let from: PrunePosition | null = null;
  do {
    const { deleted, next } = await pruneStep(database, id, from);
    for (const [kind, rows] of Object.entries(deleted)) total[kind] = (total[kind] ?? 0) + rows;
    from = next;
  } while (from);
  return total;
}

function pruneStep(database: Database, id: string, from: PrunePosition | null): Promise<PruneStep> {
  return asProjectOwner(database, id, async (tx) => {
    const [row] = await tx.query<{ value: PruneStep }>(
      "select prune($1::integer, $2::jsonb) as value",
      [rowsInStep, from && JSON.stringify(from)],
    );
    if (!row) throw new AuthError("unexpected_failure");
    return row.value;
  });
}
