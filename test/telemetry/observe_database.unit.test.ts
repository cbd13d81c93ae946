import { describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { AuthError } from "../../src/errors.ts";
import { observeDatabase } from "../../src/telemetry/observe_database.ts";

const outbox = { clock: Date.now() / 1_000, queued: 2, parked: 1, oldest_queued_seconds: 7 };

function countingDatabase(answer: () => Promise<unknown>) {
  const counted = { calls: 0 };
  const database = {
    engine: "postgres",
    call: () => {
      counted.calls += 1;
      return answer();
    },
  } as unknown as Database;
  return { database, counted };
}

describe("a database that is scraped", () => {
  it("is asked once, however often and however many scrape", async () => {
    const { database, counted } = countingDatabase(async () => outbox);
    const observe = observeDatabase(database, { freshFor: 60_000 });
    const all = await Promise.all(Array.from({ length: 100 }, observe));
    for (let one = 0; one < 100; one += 1) all.push(await observe());
    expect(counted.calls).toBe(1);
    expect(all.every(({ isUp, outbox: seen }) => isUp && seen === outbox)).toBe(true);
  });

  it("counts as away when it does not answer in time, and is not asked again before it has", async () => {
    let resolve: (state: unknown) => void = () => {};
    const promise = new Promise<unknown>((settle) => {
      resolve = settle;
    });
    const { database, counted } = countingDatabase(() => promise);
    const observe = observeDatabase(database, { patience: 5, freshFor: 60_000 });
    for (let one = 0; one < 5; one += 1) expect(await observe()).toEqual({ isUp: false });
    expect(counted.calls).toBe(1);
    resolve(outbox);
    await promise;
    expect(await observe()).toMatchObject({ isUp: true, outbox });
    expect(counted.calls).toBe(1);
  });

  it("is asked again when its answer is no longer fresh, a refusal as well (case 186)", async () => {
    let isAway = true;
    const { database, counted } = countingDatabase(async () => {
      if (isAway) throw new AuthError("service_unavailable");
      return outbox;
    });
    const observe = observeDatabase(database, { freshFor: 0 });
    expect(await observe()).toEqual({ isUp: false });
    isAway = false;
    expect(await observe()).toMatchObject({ isUp: true });
    expect(counted.calls).toBe(2);
  });

  it("tells how far its clock is from this server's (cases 110, 196)", async () => {
    const behind = { ...outbox, clock: Date.now() / 1_000 - 600 };
    const { database } = countingDatabase(async () => behind);
    const { clockOffset } = await observeDatabase(database)();
    expect(clockOffset).toBeGreaterThan(599);
    expect(clockOffset).toBeLessThan(660);
  });
});
