import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Database, FunctionCall } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { startPruning } from "../../src/maintenance/pruning.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { countRows, type OpenedSession, openSession, rotate } from "../support/sessions.ts";
import { collectFigures, scaled } from "./figures.ts";

const figures = collectFigures("pruning beside refreshes");
const silent = pino({ enabled: false });
const tokensOfSession = 100;
// Of ten sessions each: at full size ten million tokens.
const users = scaled(10_000);
const rounds = 400;
const clients = 4;

let project: TestProject;
let database: Database;
let living: OpenedSession[];
/** Milliseconds of each transaction as its caller saw them, and of calls that do nothing: the machine's share. */
const prunings: number[] = [];
const idle: number[] = [];

beforeAll(async () => {
  project = await createTestProject();
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  await engine.query("update miosa_auth.projects set prune_at = 'infinity' where id <> $1", [
    project.id,
  ]);
  // Half of them ended long ago, among those that live.
  await project.sql(
    `with u as (insert into users (email) select format('grown%s@example.com', n)
       from generate_series(1, $1::int) n returning id)
     insert into sessions (user_id, revoked_at, revoked_because)
     select u.id, case when n > 5 then now() - interval '8 days' end, case when n > 5 then 'logout' end
     from u, generate_series(1, 10) n`,
    [users],
  );
  await project.transaction(async (query) => {
    // Ten million look-ups of a session that is there.
    await query("set local session_replication_role = replica");
    await query(
      `insert into refresh_tokens (session_id, token_hash, used_at)
       select s.id, sha256(uuid_send(s.id) || int4send(n)), now()
       from sessions s, generate_series(1, $1::int) n`,
      [tokensOfSession],
    );
  });
  await project.sql("analyze sessions, refresh_tokens");
  living = await Promise.all(Array.from({ length: clients }, () => openSession(project)));
  const connected = connectPostgres({ url: engine.url(runtimeRole), connections: 1 });
  const call = async <T>(asked: FunctionCall): Promise<T> => {
    const began = performance.now();
    try {
      return await connected.call<T>(asked);
    } finally {
      (asked.name === "prune" ? prunings : idle).push(performance.now() - began);
    }
  };
  database = { ...connected, call };
}, 30 * 60_000);

afterAll(() => database.close());

/** Milliseconds of refreshes, of all clients at once, each with a session of its own. */
async function measureRefreshes(): Promise<number[]> {
  const times: number[] = [];
  await Promise.all(
    living.map(async (session, index) => {
      let token = session.refreshToken;
      for (let round = 0; round < rounds; round += 1) {
        const began = performance.now();
        token = (await rotate(project, token)).refresh_token;
        times.push(performance.now() - began);
        await sleep(5);
      }
      living[index] = { ...session, refreshToken: token };
    }),
  );
  return times;
}

function percentile(times: readonly number[], share: number): number {
  return [...times].sort((a, b) => a - b)[Math.floor(share * (times.length - 1))] ?? Number.NaN;
}

it("holds nothing for 100 ms, and a refresh hardly notices (case 199)", async () => {
  const rows = await countRows(project, "refresh_tokens");
  await measureRefreshes();
  const calm: number[] = [];
  const beside: number[] = [];
  // In turns, so that what else the machine does is in both.
  for (let turn = 0; turn < 4; turn += 1) {
    calm.push(...(await measureRefreshes()));
    await project.service.engine.query(
      "update miosa_auth.projects set prune_at = now() where id = $1",
      [project.id],
    );
    const pruning = startPruning({
      databases: [database],
      logger: silent,
      pause: 20,
      pollInterval: 20,
    });
    beside.push(...(await measureRefreshes()));
    await pruning.stop();
  }

  const forgotten = rows + clients * rounds * 9 - (await countRows(project, "refresh_tokens"));
  figures.add("refresh tokens in the table at first", 1, rows);
  figures.add("of those forgotten meanwhile", 1, forgotten);
  figures.add(
    "a pruning transaction, p50 ms",
    prunings.length,
    percentile(prunings, 0.5).toFixed(1),
  );
  figures.add(
    "a pruning transaction, p99 ms",
    prunings.length,
    percentile(prunings, 0.99).toFixed(1),
  );
  figures.add(
    "a pruning transaction, longest ms",
    prunings.length,
    Math.max(...prunings).toFixed(1),
  );
  figures.add("a call that does nothing, p50 ms", idle.length, percentile(idle, 0.5).toFixed(1));
  figures.add("a call that does nothing, longest ms", idle.length, Math.max(...idle).toFixed(1));
  for (const [name, share] of [
    ["p50", 0.5],
    ["p99", 0.99],
  ] as const) {
    const ratio = percentile(beside, share) / percentile(calm, share);
    figures.add(
      `refresh ${name}, beside pruning to calm`,
      beside.length + calm.length,
      ratio.toFixed(2),
    );
  }
  expect(forgotten).toBeGreaterThan(0);
  expect(percentile(prunings, 0.99)).toBeLessThan(100);
});
