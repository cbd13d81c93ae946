import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";
import { collectFigures, scaled } from "./figures.ts";
import { stampede } from "./herd.ts";
import { sendTo } from "./http_client.ts";
import { type KillableService, startKillable } from "./killed_service.ts";

const clients = scaled(10_000);
const figures = collectFigures("All clients refresh at once, through two processes");

let services: KillableService[];
beforeAll(async () => {
  const service = await openService();
  services = [await startKillable(service), await startKillable(service)];
});
afterAll(() => Promise.all(services.map((service) => service.stop())));

// A browser gives up after minutes, an app's own client sooner, and its request is made all the same or not.
it.each([120, 10, 3])(
  "10,000 clients, some with tabs, that wait %i s for an answer are all served, and no session ends (case 198)",
  async (patience) => {
    const project = await createTestProject();
    let turn = 0;
    const port = () => services[turn++ % services.length]?.port ?? 0;
    const { answers, latencies, served, tabs, lost, ended } = await stampede(
      project,
      sendTo(port, project.id, 1_000 * patience),
      { clients, within: 1_000 },
    );
    const add = (name: string, samples: number, figure: number | string) =>
      figures.add(`${patience} s: ${name}`, samples, figure);
    const at = (times: readonly number[], share: number) =>
      `${Math.round(times[Math.floor(share * (times.length - 1))] ?? 0)} ms`;
    const total = latencies.length;
    for (const [kind, count] of answers) add(`answers: ${kind}`, total, count);
    add("an answer, p50", total, at(latencies, 0.5));
    add("an answer, p99", total, at(latencies, 0.99));
    add("until a tab was served, p50", tabs, at(served, 0.5));
    add("until a tab was served, p99", tabs, at(served, 0.99));
    add("until the last tab was served", tabs, at(served, 1));
    add("clients without a session that goes on", clients, lost.length);
    add("sessions that were ended", clients, ended);
    expect({ lost, ended }).toEqual({ lost: [], ended: 0 });
    expect(answers.get("200")).toBe(tabs);
    const allowed = ["200", "503", ...(patience < 60 ? ["no answer (no reply in time)"] : [])];
    for (const kind of answers.keys()) expect(allowed).toContain(kind);
  },
);
