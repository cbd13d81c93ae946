// Milliseconds. Who refreshes may wait for what a transaction holds, and a call must not be felt.
const goal = 40;

/** Rows of each kind in the first transaction in a project, of which nobody knows what they cost. */
export const firstRows = 25;

/** Rows of each kind in any: the next may cost more than those before. */
export const mostRows = 100;

/**
 * In SQL, behind a call in the FROM: what it took. Where a transaction is many statements, their way to the
 * database and back would be taken for what the rows cost.
 */
export const callMilliseconds =
  "extract(epoch from clock_timestamp() - statement_timestamp())::float8 * 1000";

/** What a transaction was allowed and did. */
export interface Batch {
  readonly rows: number;
  /** Of the kind of which it forgot the most. */
  readonly forgotten: number;
  readonly milliseconds: number;
}

/**
 * Rows for the transaction after one: as many as would have taken the goal, at most twice as many and never
 * more than `most`. One that found fewer than it was allowed does not show what more would cost.
 */
export function rowsAfter({ rows, forgotten, milliseconds }: Batch, most = mostRows): number {
  const inTime = Math.floor((rows * goal) / Math.max(milliseconds, 1));
  const proven = forgotten < rows ? rows : 2 * rows;
  return Math.max(1, Math.min(inTime, proven, most));
}
