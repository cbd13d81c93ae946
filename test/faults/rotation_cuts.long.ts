import { beforeAll, describe, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";
import { openBehindHttpProxy, openBehindWireProxy } from "./cut_service.ts";
import { collectFigures, scaled } from "./figures.ts";
import { randomHttpFault } from "./http_proxy.ts";
import type { Injections } from "./injections.ts";
import { withoutAddressLimits } from "./newcomer.ts";
import { type RotationResult, rotateTogether } from "./rotation.ts";
import { addRotationFigures } from "./rotation_figures.ts";
import { terminateBackends } from "./terminated_backends.ts";
import { randomWireFault } from "./wire_proxy.ts";

// Of each of two projects.
const clients = 30;
const figures = collectFigures("Rotation with broken connections");

let projects: TestProject[];
let service: TestService;

beforeAll(async () => {
  projects = [
    await createTestProject(withoutAddressLimits),
    await createTestProject(withoutAddressLimits),
  ];
  service = await openService();
});

function addInjected(link: string, injections: Injections<string>): void {
  for (const [fault, count] of injections.counts)
    figures.add(`${link}: ${fault}`, injections.total(), count);
}

function expectNothingLost(link: string, result: RotationResult): void {
  addRotationFigures(figures, link, result);
  expect(result.violations).toEqual([]);
  expect(result.lockedOut).toEqual([]);
}

describe("clients that rotate and retry", () => {
  it("outlive faults between the service and Postgres (cases 30, 189)", async () => {
    const { proxy, sendOf, close } = await openBehindWireProxy(service, 30);
    const { injections } = proxy;
    const result = await rotateTogether(projects, sendOf, {
      clients,
      faults: () => {
        proxy.choose(randomWireFault(0.5));
        return injections.reach(scaled(10_000));
      },
      calm: () => proxy.choose(),
    });
    await close();
    addInjected("Postgres", injections);
    expectNothingLost("Postgres", result);
  });

  it("outlive lost requests and replies (case 29)", async () => {
    const { proxy, sendOf, close } = await openBehindHttpProxy(service);
    const { injections } = proxy;
    const result = await rotateTogether(projects, sendOf, {
      clients,
      faults: () => {
        proxy.choose(randomHttpFault(0.5));
        return injections.reach(scaled(10_000));
      },
      calm: () => proxy.choose(),
    });
    await close();
    addInjected("HTTP", injections);
    expectNothingLost("HTTP", result);
  });

  it("outlive backends that are terminated (case 189)", async () => {
    const { sendOf, close } = await openBehindHttpProxy(service);
    const result = await rotateTogether(projects, sendOf, {
      clients,
      faults: () => terminateBackends(service, scaled(2_000)),
    });
    await close();
    figures.add("Backends: terminated", scaled(2_000), scaled(2_000));
    expectNothingLost("Backends", result);
  });
});
