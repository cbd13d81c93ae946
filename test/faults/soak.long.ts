import { afterAll, beforeAll, expect, it } from "vitest";
import { changeSettings } from "../../src/projects/settings.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";
import { collectFigures, scaled } from "./figures.ts";
import { sendTo } from "./http_client.ts";
import { type Faulty, startFaulty } from "./mixed_faults.ts";
import { withoutAddressLimits } from "./newcomer.ts";
import { quarters, sampleProcess } from "./process_samples.ts";
import type { Send } from "./retrying_client.ts";
import { countOutcomes, countSessions, rotateDuring } from "./rotation.ts";

const minute = 60_000;
const minutes = Number(process.env.FAULTS_SOAK_MINUTES ?? scaled(10));
const clients = 12;
// Of two pools, and as many that Postgres has not seen end yet.
const mostConnections = 40;
// By how much the last quarter may be above the first.
const flat = [
  ["megabytes", 64],
  ["files", clients],
  ["connections", clients],
] as const;
const figures = collectFigures(`All faults mixed for ${minutes} minutes`);

let own: OwnServer;
let faulty: Faulty;
beforeAll(async () => {
  own = await openOwnServer();
  const { service, id } = own.project;
  await changeSettings(service.admin, id, withoutAddressLimits);
  faulty = await startFaulty(own);
});
afterAll(async () => {
  await faulty?.close();
  await own?.close();
});

async function countConnections(): Promise<number> {
  const { service } = own.project;
  const [row] = await service.engine.query<{ connections: number }>(
    "select count(*)::int as connections from pg_stat_activity where usename = $1",
    [service.runtimeRole],
  );
  return row?.connections ?? 0;
}

it(
  "nothing is lost or leaks while links, backends, servers and processes fail at random (case 200)",
  async () => {
    const statuses = new Map<number, number>();
    const reach = sendTo(faulty.port, own.project.id);
    const send: Send = async (path, options) => {
      const reply = await reach(path, options);
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      return reply;
    };
    const end = performance.now() + minutes * minute;
    const sampling = sampleProcess(faulty.spared.pid(), countConnections, 2_000);
    const wrong: string[] = [];
    const counts = { ok: 0, info: 0, locked: 0, sessions: 0, logouts: 0, signups: 0 };
    // In rounds with a history each, or that of a day would not fit into memory.
    while (performance.now() < end) {
      const until = Math.min(end, performance.now() + minute);
      const faults = () => faulty.injectUntil(until);
      const result = await rotateDuring(own.project, send, { clients, faults, rest: 100 });
      const { ok, info } = countOutcomes(result.operations, "refresh");
      counts.ok += ok;
      counts.info += info;
      counts.sessions += countSessions(result.operations);
      counts.logouts += countOutcomes(result.operations, "logout").ok;
      counts.signups += countOutcomes(result.operations, "signup").ok;
      counts.locked += result.lockedOut.length;
      wrong.push(...result.violations);
    }
    sampling.stop();

    const { injections } = faulty;
    const answered = [...statuses.values()].reduce((sum, count) => sum + count, 0);
    const unexplained = [...statuses].filter(([status]) => status >= 500 && status !== 503);
    for (const [fault, count] of injections.counts) figures.add(fault, injections.total(), count);
    figures.add("refreshes without an answer", counts.ok + counts.info, counts.info);
    figures.add("sessions whose client was locked out", counts.sessions, counts.locked);
    const found = (beginning: string) =>
      wrong.filter((sentence) => sentence.startsWith(beginning)).length;
    figures.add("acknowledged logouts lost", counts.logouts, found("I1: the logout of"));
    figures.add("acknowledged sign-ups lost", counts.signups, found("I1: the sign-up of"));
    figures.add("violations of an invariant", counts.ok, wrong.length);
    figures.add("answers: 503", answered, statuses.get(503) ?? 0);
    figures.add(
      "answers: other 5xx",
      answered,
      unexplained.reduce((sum, [, n]) => sum + n, 0),
    );
    const { samples } = sampling;
    const quarter = Math.ceil(samples.length / 4);
    for (const of of ["megabytes", "files", "connections"] as const) {
      const [first, last] = quarters(samples, of);
      figures.add(
        `${of}, median of the first and the last quarter`,
        quarter,
        `${Math.round(first)}, ${Math.round(last)}`,
      );
    }
    expect([wrong.slice(0, 5), counts.locked, unexplained]).toEqual([[], 0, []]);
    for (const [of, more] of flat) {
      const [first, last] = quarters(samples, of);
      expect(last, of).toBeLessThanOrEqual(first + more);
    }
    expect(Math.max(...samples.map(({ connections }) => connections))).toBeLessThanOrEqual(
      mostConnections,
    );
  },
  (minutes + 30) * minute,
);
