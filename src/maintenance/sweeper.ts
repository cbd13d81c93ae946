import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { firstRows, rowsAfter } from "../database/batch_rows.ts";
import type { Database } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { type PrunePosition, projectFunctions, registryFunctions } from "../database/functions.ts";
import { AuthError } from "../errors.ts";

export interface SweeperOptions {
  readonly database: Database;
  /** At most, of each kind in one transaction. */
  readonly rows: number;
  readonly pause: number;
  readonly pollInterval: number;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

/** Goes round the projects of one database, a transaction at a time. */
export interface Sweeper {
  /** Resolves when, after `stopping`, nothing is under way any more. */
  readonly finished: Promise<void>;
}

/** A project in which more is over than one transaction forgets. */
interface Visit {
  readonly projectId: string;
  readonly from: PrunePosition | null;
  readonly rows: number;
}

// A database that is slow is busy: at most a fifth of the time is spent in transactions.
const restPerWork = 4;
const undefinedFunction = "42883";

export function startSweeper(options: SweeperOptions): Sweeper {
  const { database, rows: most, pause, pollInterval, logger, stopping } = options;
  const { claimPruning } = registryFunctions(database);
  const unfinished: Visit[] = [];
  let isTurnOfUnfinished = false;
  let isAway = false;

  // Said once when it begins and once when it ends, not each time.
  function answered(): void {
    if (isAway) logger.info("what is over can be pruned again");
    isAway = false;
  }

  function failed(error: unknown, projectId?: string): void {
    const sqlstate = sqlstateOf(error);
    if (isUnavailable(error) || projectId === undefined) {
      if (!isAway) logger.error({ sqlstate }, "what is over cannot be pruned");
      isAway = true;
      return;
    }
    // Of an older release: `migrate` and `doctor` speak of that.
    if (sqlstate === undefinedFunction) return;
    logger.error({ project: projectId, sqlstate }, "a project cannot be pruned");
  }

  /** Projects that are due and those in which more waits take turns, so neither holds up the other. */
  async function nextVisit(): Promise<Visit | undefined> {
    isTurnOfUnfinished = !isTurnOfUnfinished;
    const unfinishedFirst = isTurnOfUnfinished ? unfinished.shift() : undefined;
    if (unfinishedFirst) return unfinishedFirst;
    const projectId = await claimPruning();
    answered();
    if (projectId === null) return unfinished.shift();
    return { projectId, from: null, rows: Math.min(firstRows, most) };
  }

  async function prune({ projectId, from, rows }: Visit): Promise<void> {
    const began = performance.now();
    try {
      const { deleted, next } = await projectFunctions(database, projectId).prune(rows, from);
      const milliseconds = performance.now() - began;
      if (Object.keys(deleted).length > 0) logger.debug({ project: projectId, deleted }, "pruned");
      if (!next) return;
      const forgotten = Math.max(0, ...Object.values(deleted));
      const batch = { rows, forgotten, milliseconds };
      unfinished.push({ projectId, from: next, rows: rowsAfter(batch, most) });
    } catch (error) {
      // It is due again in an hour.
      failed(error, projectId);
    }
  }

  /** Milliseconds to rest. */
  async function step(): Promise<number> {
    try {
      const visit = await nextVisit();
      if (!visit) return pollInterval * (0.5 + Math.random());
      const began = performance.now();
      await prune(visit);
      return Math.max(pause, restPerWork * (performance.now() - began));
    } catch (error) {
      failed(error);
      return pollInterval;
    }
  }

  async function rest(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: stopping, ref: false }).catch(() => {});
  }

  async function run(): Promise<void> {
    // Servers that start together do not ask together.
    await rest(pollInterval * Math.random());
    while (!stopping.aborted) await rest(await step());
  }

  return { finished: run() };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AuthError && error.code === "service_unavailable";
}

function sqlstateOf(error: unknown): string | undefined {
  const cause = error instanceof AuthError ? error.cause : error;
  return cause instanceof DatabaseError ? cause.sqlstate : undefined;
}
