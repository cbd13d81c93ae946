import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RetryingClient } from "./retrying_client.ts";

/** An honest user of the service; each of the two rejects when it is locked out. */
export interface Person {
  /** Uses it while there are faults. */
  live(isOver: () => boolean): Promise<void>;
  /** What it does when there are none any more. */
  comeBack(): Promise<void>;
}

const rotationsPerWrite = 3;
const mostRotationsOfVisit = 4;

/** Keeps one session, which must go on in the end. */
export function stayer(client: RetryingClient, rest: number): Person {
  return {
    live: (isOver) => rotateUntil(client, isOver, rest),
    comeBack: () => client.rotate(),
  };
}

/**
 * Logs out again and again and goes on with another session; in the end it presents all that it was ever given.
 *
 * @param absence milliseconds until it comes again, at most
 */
export function visitor(open: () => Promise<RetryingClient>, rest: number, absence = 0): Person {
  const clients: RetryingClient[] = [];
  return {
    async live(isOver) {
      do {
        const client = await open();
        clients.push(client);
        const rotations = randomInt(1, mostRotationsOfVisit + 1);
        await rotateUntil(client, (done) => done >= rotations, rest);
        await client.logout();
        await sleep(Math.random() * absence);
      } while (!isOver());
    },
    async comeBack() {
      for (const client of clients) await client.presentAll();
    },
  };
}

/** Once at least. */
async function rotateUntil(
  client: RetryingClient,
  isDone: (rotations: number) => boolean,
  rest: number,
): Promise<void> {
  for (let rotations = 1; rotations === 1 || !isDone(rotations - 1); rotations += 1) {
    await client.rotate();
    if (rotations % rotationsPerWrite === 0) await client.write();
    if (rest > 0) await sleep(Math.random() * rest);
  }
}
