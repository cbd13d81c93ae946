import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";
import { collectFigures, scaled } from "./figures.ts";
import { stampede } from "./herd.ts";
import { sendTo } from "./http_client.ts";
import { type KillableService, startKillable } from "./killed_service.ts";

const clients = scaled(10_000);
// As a browser's, which gives up after minutes.
const patience = 120_000;
const figures = collectFigures("All clients refresh at once, through two processes");

let project: TestProject;
let services: KillableService[];
beforeAll(async () => {
  project = await createTestProject();
  services = [await startKillable(project.service), await startKillable(project.service)];
});
afterAll(() => Promise.all(services.map((service) => service.stop())));

it("10,000 clients, some with tabs, are all served, and no session ends (case 198)", async () => {
  let turn = 0;
  const port = () => services[turn++ % services.length]?.port ?? 0;
  const { answers, latencies, served, tabs, lost, ended } = await stampede(
    project,
    sendTo(port, project.id, patience),
    { clients, within: 1_000 },
  );
  const at = (times: readonly number[], share: number) =>
    `${Math.round(times[Math.floor(share * (times.length - 1))] ?? 0)} ms`;
  const total = latencies.length;
  for (const [kind, count] of answers) figures.add(`answers: ${kind}`, total, count);
  figures.add("an answer, p50", total, at(latencies, 0.5));
  figures.add("an answer, p99", total, at(latencies, 0.99));
  figures.add("until a tab was served, p50", tabs, at(served, 0.5));
  figures.add("until a tab was served, p99", tabs, at(served, 0.99));
  figures.add("until the last tab was served", tabs, at(served, 1));
  figures.add("clients without a session that goes on", clients, lost.length);
  figures.add("sessions that were ended", clients, ended);
  expect({ lost, ended }).toEqual({ lost: [], ended: 0 });
  expect(answers.get("200")).toBe(tabs);
  for (const kind of answers.keys()) expect(["200", "503"]).toContain(kind);
});
