import type { Logger } from "pino";
import { mostRows } from "../database/batch_rows.ts";
import type { Database } from "../database/database.ts";
import { startSweeper } from "./sweeper.ts";

/** How fast what is over is forgotten. */
export interface PruningOptions {
  /** Rows of each kind in one transaction, at most; 100 by default. */
  readonly rows?: number;
  /** Milliseconds between two transactions, at least; 100 by default. */
  readonly pause?: number;
  /** Milliseconds between two looks for a project that is due, when none was; 30,000 by default. */
  readonly pollInterval?: number;
}

/** The pruning of a fleet. */
export interface Pruning {
  /** Begins no other transaction, and resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Starts to go round the projects. Any number of servers may, on the same databases. */
export function startPruning({
  databases,
  logger,
  rows = mostRows,
  pause = 100,
  pollInterval = 30_000,
}: PruningOptions & { databases: readonly Database[]; logger: Logger }): Pruning {
  const stopping = new AbortController();
  const sweepers = databases.map((database) =>
    startSweeper({ database, logger, stopping: stopping.signal, rows, pause, pollInterval }),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all(sweepers.map((sweeper) => sweeper.finished));
    },
  };
}
