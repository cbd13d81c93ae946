import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "../support/project.ts";
import { type OpenedSession, openSessions } from "../support/sessions.ts";

const size = 100;

/**
 * Gives a new session, of a user of its own, to whoever asks; past the service and its faults, and many by
 * one statement, so that they cost next to nothing.
 */
export function stockSessions(project: TestProject): () => Promise<OpenedSession> {
  const stock: OpenedSession[] = [];
  let filling: Promise<unknown> | undefined;
  const fill = async () => {
    try {
      stock.push(...(await openSessions(project, size)));
    } catch {
      // Postgres itself may be away.
      await sleep(50);
    } finally {
      filling = undefined;
    }
  };
  return async () => {
    for (;;) {
      const session = stock.pop();
      if (session) return session;
      filling ??= fill();
      await filling;
    }
  };
}
