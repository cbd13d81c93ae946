import { beforeAll, describe, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";
import { countLeaves, openSession } from "../support/sessions.ts";
import { openBehindHttpProxy, openBehindWireProxy } from "./cut_service.ts";
import { httpFaults, randomHttpFault } from "./http_proxy.ts";
import { withoutAddressLimits } from "./newcomer.ts";
import { countOutcomes, type RotationResult, rotateTogether } from "./rotation.ts";
import { terminateBackends } from "./terminated_backends.ts";
import { randomWireFault, wireFaults } from "./wire_proxy.ts";

// Of each of two projects, whose answers are looked through for what is the other's (invariant I5).
const clients = 8;

let project: TestProject;
let projects: TestProject[];

beforeAll(async () => {
  project = await createTestProject(withoutAddressLimits);
  projects = [project, await createTestProject(withoutAddressLimits)];
});

function expectNothingLost(result: RotationResult): void {
  const { operations, violations, lockedOut, logoutsAmidFaults } = result;
  expect(violations).toEqual([]);
  expect(lockedOut).toEqual([]);
  // Else no fault hit anybody, or nobody had logged out and come again.
  const refreshes = countOutcomes(operations, "refresh");
  expect(refreshes.info).toBeGreaterThan(20);
  expect(refreshes.fail).toBeGreaterThan(20);
  expect(logoutsAmidFaults).toBeGreaterThan(10);
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

describe("a refresh", () => {
  it("that arrives slowly is answered as any other", async () => {
    const { proxy, sendOf, close } = await openBehindHttpProxy(project.service);
    proxy.choose(() => "slow sender");
    const { refreshToken } = await openSession(project);
    const options = { method: "POST", body: { refresh_token: refreshToken } };
    const reply = await sendOf(project)("/refresh", options);
    await close();
    expect(reply.status).toBe(200);
  });

  it("whose sender closed its half may get no answer, and is made once when it is sent again", async () => {
    const { proxy, sendOf, close } = await openBehindHttpProxy(project.service);
    const { id, refreshToken } = await openSession(project);
    const options = { method: "POST", body: { refresh_token: refreshToken } };
    proxy.choose(() => "half-close");
    await sendOf(project)("/refresh", options).catch(() => {});
    proxy.choose();
    const again = await sendOf(project)("/refresh", options);
    await close();
    expect(again.status).toBe(200);
    expect(await countLeaves(project, id)).toBe(1);
  });
});
