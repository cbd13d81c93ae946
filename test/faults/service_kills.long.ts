import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";
import { collectFigures, scaled } from "./figures.ts";
import { sendTo } from "./http_client.ts";
import { type KillableService, startKillable } from "./killed_service.ts";
import { withoutAddressLimits } from "./newcomer.ts";
import { rotateTogether } from "./rotation.ts";
import { addRotationFigures } from "./rotation_figures.ts";

// Of each of two projects.
const clients = 100;
const longestStart = 5_000;
const figures = collectFigures("Rotation while the service is killed");

let projects: TestProject[];
let services: KillableService[];

beforeAll(async () => {
  projects = [
    await createTestProject(withoutAddressLimits),
    await createTestProject(withoutAddressLimits),
  ];
  const service = await openService();
  services = [await startKillable(service), await startKillable(service)];
});
afterAll(() => Promise.all(services.map((service) => service.stop())));

it("200 clients that rotate and retry outlive kill -9 of two processes (case 185)", async () => {
  const kills = scaled(500);
  const starts: number[] = [];
  let begun = 0;
  const kill = async (service: KillableService) => {
    while (begun < kills) {
      begun += 1;
      await sleep(randomInt(500));
      starts.push(await service.restart("SIGKILL"));
    }
  };
  const ports = services.map(({ port }) => port);
  let turn = 0;
  const sendOf = ({ id }: TestProject) => sendTo(() => ports[turn++ % ports.length] ?? 0, id);
  const faults = () => Promise.all(services.map(kill));
  const result = await rotateTogether(projects, sendOf, { clients, faults, rest: 1_000 });

  starts.sort((a, b) => a - b);
  const at = (share: number) =>
    `${Math.round(starts[Math.floor((starts.length - 1) * share)] ?? 0)} ms`;
  figures.add("from start to ready, half of them within", starts.length, at(0.5));
  figures.add("from start to ready, 99 of 100 within", starts.length, at(0.99));
  figures.add("from start to ready, all within", starts.length, at(1));
  addRotationFigures(figures, "kill -9", result);
  expect([result.violations, result.lockedOut]).toEqual([[], []]);
  expect(starts.at(-1)).toBeLessThan(longestStart);
});
