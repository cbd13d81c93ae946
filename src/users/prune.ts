import { callMilliseconds, firstRows, rowsAfter } from "../database/batch_rows.ts";
import type { Database } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "../projects/registry.ts";

export interface PruneOptions {
  /** Seconds since the last sign of life; at least an hour. */
  readonly olderThan: number;
  /** Called after each transaction, with how many were removed in it. */
  readonly onProgress?: (deleted: number) => void;
}

export interface PruneReport {
  readonly deleted: number;
  /** Stay because the application refers to them, or refuses. */
  readonly held: number;
}

type Batch = PruneReport & { readonly after: object | null };
type TimedBatch = { readonly value: Batch; readonly milliseconds: number };

const hour = 3_600;
// In a row. One of a few users is empty where they have come back in the meantime.
const mostEmptyBatches = 10;

/** How many anonymous users were made before that; those who still come by are among them. */
export async function countOldAnonymousUsers(
  database: Database,
  projectId: string,
  { olderThan }: PruneOptions,
): Promise<number> {
  requireAge(olderThan);
  const [row] = await asProjectOwner(database, projectId, (tx) =>
    tx.query<{ count: number }>(
      `select count(*)::integer as count from users
       where is_anonymous and created_at < clock_timestamp() - make_interval(secs => $1::float8)`,
      [olderThan],
    ),
  );
  return row?.count ?? 0;
}

/**
 * Removes anonymous users who have not come by for long, with all that is theirs, a few a transaction, as many
 * as are removed in a moment: what was removed before a failure stays so.
 *
 * @throws AuthError project_not_found, validation_failed
 */
export async function pruneAnonymousUsers(
  database: Database,
  projectId: string,
  { olderThan, onProgress = () => {} }: PruneOptions,
): Promise<PruneReport> {
  requireAge(olderThan);
  const total = { deleted: 0, held: 0 };
  let after: object | null = null;
  let rows = firstRows;
  let empty = 0;
  do {
    const { value, milliseconds } = await pruneBatch(database, projectId, olderThan, rows, after);
    const { deleted, held } = value;
    total.deleted += deleted;
    total.held += held;
    onProgress(deleted);
    rows = rowsAfter({ rows, forgotten: deleted + held, milliseconds });
    empty = deleted + held > 0 ? 0 : empty + 1;
    after = value.after;
    // A function that another took the place of could say for ever that there are more.
  } while (after && empty < mostEmptyBatches);
  return total;
}

function pruneBatch(
  database: Database,
  projectId: string,
  olderThan: number,
  rows: number,
  after: object | null,
): Promise<TimedBatch> {
  return asProjectOwner(database, projectId, async (tx) => {
    const [row] = await tx.query<TimedBatch>(
      `select value, ${callMilliseconds} as milliseconds
       from delete_anonymous_users(make_interval(secs => $1::float8), $2::integer, $3::jsonb) as value`,
      [olderThan, rows, after && JSON.stringify(after)],
    );
    if (!row) throw new AuthError("unexpected_failure");
    return row;
  });
}

function requireAge(seconds: number): void {
  if (Number.isSafeInteger(seconds) && seconds >= hour) return;
  throw new AuthError("validation_failed", { message: "An age is at least an hour" });
}
