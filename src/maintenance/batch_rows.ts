// Milliseconds. Who refreshes may wait for what a transaction holds, and a call must not be felt.
const goal = 40;

/** Rows of each kind in the first transaction in a project, of which nobody knows what they cost. */
export const firstRows = 25;

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
export function rowsAfter({ rows, forgotten, milliseconds }: Batch, most: number): number {
  const inTime = Math.floor((rows * goal) / Math.max(milliseconds, 1));
  const proven = forgotten < rows ? rows : 2 * rows;
  return Math.max(1, Math.min(inTime, proven, most));
}
