import { beforeAll, describe, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openBehindHttpProxy, openBehindWireProxy } from "./cut_service.ts";
import { type HttpFault, httpFaults, randomHttpFault } from "./http_proxy.ts";
import { countOutcomes, type RotationResult, rotateTogether } from "./rotation.ts";
import { terminateBackends } from "./terminated_backends.ts";
import { randomWireFault, wireFaults } from "./wire_proxy.ts";

// Of each of two projects, whose answers are looked through for what is the other's (invariant I5).
const clients = 8;

let project: TestProject;
let projects: TestProject[];

beforeAll(async () => {
  project = await createTestProject();
  projects = [project, await createTestProject()];
});

function expectNothingLost({ operations, violations, lockedOut }: RotationResult): void {
  expect(violations).toEqual([]);
  expect(lockedOut).toEqual([]);
  // Else no fault hit anybody.
  expect(countOutcomes(operations, "refresh").info).toBeGreaterThan(20);
}

describe("clients that rotate and retry keep one lineage each, and all that was acknowledged", () => {
  it("while the service's connections break, 240 times (cases 30, 189)", async () => {
    const { proxy, sendOf, close } = await openBehindWireProxy(project.service, 10);
    const { injections } = proxy;
    const result = await rotateTogether(projects, sendOf, {
      clients,
      faults: () => {
        proxy.choose(randomWireFault(0.4));
        return injections.reach(240);
      },
      calm: () => proxy.choose(),
    });
    await close();
    expectNothingLost(result);
    expect([...injections.counts.keys()].sort()).toEqual([...wireFaults].sort());
  });

  it("while their requests and replies are lost, 200 times (case 29)", async () => {
    const { proxy, sendOf, close } = await openBehindHttpProxy(project.service);
    const { injections } = proxy;
    const result = await rotateTogether(projects, sendOf, {
      clients,
      faults: () => {
        proxy.choose(randomHttpFault(0.5));
        return injections.reach(200);
      },
      calm: () => proxy.choose(),
    });
    await close();
    expectNothingLost(result);
    expect([...injections.counts.keys()].sort()).toEqual([...httpFaults].sort());
  });

  it("while backends are terminated, 60 times (case 189)", async () => {
    const { sendOf, close } = await openBehindHttpProxy(project.service);
    const result = await rotateTogether(projects, sendOf, {
      clients,
      faults: () => terminateBackends(project.service, 60),
    });
    await close();
    expectNothingLost(result);
  });
});

describe("a request that arrives slowly, or whose sender closed its half", () => {
  it.each<HttpFault>(["slow sender", "half-close"])(
    "is answered as any other (%s)",
    async (fault) => {
      const { proxy, sendOf, close } = await openBehindHttpProxy(project.service);
      proxy.choose(() => fault);
      const body = { refresh_token: "not one" };
      const reply = await sendOf(project)("/refresh", { method: "POST", body });
      await close();
      expect(reply).toMatchObject({ status: 400, body: { error_code: "refresh_token_not_found" } });
    },
  );
});
