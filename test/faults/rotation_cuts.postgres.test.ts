import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Instance, openInstance } from "../support/instance.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import type { Send } from "./retrying_client.ts";
import { countOutcomes, rotateUntil } from "./rotation.ts";
import { randomFault, startWireProxy, type WireProxy, wireFaults } from "./wire_proxy.ts";

let project: TestProject;
let proxy: WireProxy;
let instance: Instance;

beforeAll(async () => {
  project = await createTestProject();
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("there is no connection to cut");
  proxy = await startWireProxy(engine.server.port);
  const url = proxy.through(engine.url(runtimeRole));
  instance = openInstance(project.service, { url, deadline: 300 });
});
afterAll(async () => {
  await instance.close();
  await proxy.close();
});

const injected = () => [...proxy.injected.values()].reduce((sum, count) => sum + count, 0);

describe("clients that rotate while their service's connections are cut at random", () => {
  it("keep one lineage each and all that was acknowledged, 300 faults (cases 28, 30, 189)", async () => {
    const send: Send = (path, options) =>
      project.request(path, { ...options, auth: instance.auth });
    proxy.choose(randomFault(0.4));
    const result = await rotateUntil(project, send, {
      clients: 16,
      isEnough: () => injected() >= 300,
      calm: () => proxy.choose(),
    });

    expect(result.violations).toEqual([]);
    expect(result.lockedOut).toEqual([]);
    expect([...proxy.injected.keys()].sort()).toEqual([...wireFaults].sort());
    expect(countOutcomes(result.operations, "refresh").info).toBeGreaterThan(100);
  });
});
