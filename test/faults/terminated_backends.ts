import { setTimeout as sleep } from "node:timers/promises";
import type { TestService } from "../support/service.ts";

// Longer than a call takes, or none would ever get through.
const longestRest = 60;

/** Ends backends of the service one after the other, so many of them at work: one that rests loses nothing. */
export async function terminateBackends(
  { engine, runtimeRole }: TestService,
  times: number,
): Promise<void> {
  for (let terminated = 0; terminated < times; ) {
    const signalled = await engine.query<{ ended: boolean }>(
      `select pg_terminate_backend(pid) as ended from pg_stat_activity
       where usename = $1 and state = 'active' order by random() limit 1`,
      [runtimeRole],
    );
    const ended = signalled.filter((backend) => backend.ended).length;
    terminated += ended;
    // Calls are short: whoever found none at work looks again at once.
    await sleep(ended === 0 ? 1 : Math.random() * longestRest);
  }
}
