import type { PGlite } from "@electric-sql/pglite";
import pLimit from "p-limit";
import { AuthError } from "../../errors.ts";
import { capture, reset, restore, type SessionState } from "./session_state.ts";

/** Who takes turns at the connection from outside of this process. */
export interface Tenant {
  state: SessionState;
  /** Whether a statement since the last turn may have changed the state. */
  isStateChanged: boolean;
  isGone: boolean;
}

/** PGlite's one connection, shared by the service and by clients that come over the port. */
export interface SharedConnection {
  readonly pglite: PGlite;
  /** Whether anybody waits for the connection. */
  isWanted(): boolean;
  /** Gives a client the connection with its own session; it must call `release`. */
  take(tenant: Tenant): Promise<() => void>;
  /** Runs the service's work, in a session that no client has touched. */
  serve<T>(work: () => Promise<T>): Promise<T>;
}

// As long as a call over a network may take before it is given up.
const patience = 10_000;

/**
 * Lets one at a time at the connection, in the order of asking. PGlite's own locks do not do it: a
 * client's messages come one by one, and between two of them the service would enter the client's
 * transaction, or the client the service's.
 */
export function shareConnection(pglite: PGlite): SharedConnection {
  const queue = pLimit(1);
  let last: Tenant | undefined;

  async function enter(next: Tenant | undefined): Promise<void> {
    if (last === next) return;
    const before = last;
    last = undefined;
    if (before) await leave(before);
    if (next) await restore(pglite, next.state);
    last = next;
  }

  async function leave(tenant: Tenant): Promise<void> {
    try {
      if (tenant.isStateChanged && !tenant.isGone) {
        tenant.state = (await capture(pglite)) ?? tenant.state;
        tenant.isStateChanged = false;
      }
    } finally {
      await reset(pglite);
    }
  }

  return {
    pglite,
    isWanted: () => queue.pendingCount > 0,
    take: (tenant) =>
      new Promise((resolve, reject) => {
        const turn = async () => {
          await enter(tenant);
          await new Promise<void>((release) => resolve(release));
        };
        queue(turn).catch(async (error) => {
          // What went wrong first is what the client hears.
          await Promise.allSettled([queue(() => reset(pglite))]);
          reject(error);
        });
      }),
    serve: (work) =>
      new Promise((resolve, reject) => {
        let isGivenUp = false;
        const timer = setTimeout(() => {
          isGivenUp = true;
          reject(new AuthError("service_unavailable", { retryAfter: 1 }));
        }, patience);
        queue(async () => {
          clearTimeout(timer);
          if (isGivenUp) return;
          await enter(undefined);
          resolve(await work());
        }).catch(reject);
      }),
  };
}
