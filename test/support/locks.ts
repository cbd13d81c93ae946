import { readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "./project.ts";

/**
 * Until that many calls to this project wait for a lock, on a server. Throws after some seconds: what
 * should have waited went on.
 */
export async function untilWaiting(project: TestProject, calls = 1): Promise<void> {
  let waiting = 0;
  for (let look = 1; look <= 200; look += 1) {
    const [row] = await project.sql<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity
       where wait_event_type = 'Lock' and query like '%' || current_schema() || '%'
         and pid <> pg_backend_pid()`,
    );
    waiting = row?.n ?? 0;
    if (waiting >= calls) return;
    await sleep(20);
  }
  throw new Error(`${waiting} calls wait for a lock, not ${calls}`);
}

/** Counts the deadlocks that the worker's server breaks from now on; its log has them sooner than its statistics. */
export function countingDeadlocks({ service: { engine } }: TestProject): () => number {
  if (engine.kind !== "postgres") throw new Error("PGlite has one connection");
  const start = statSync(engine.logFile).size;
  return () => {
    const log = readFileSync(engine.logFile).subarray(start).toString("utf8");
    return log.match(/deadlock detected/g)?.length ?? 0;
  };
}
