import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/http/server.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { sendTo } from "./http_client.ts";
import { type HttpProxy, httpFaults, startHttpProxy } from "./http_proxy.ts";
import { countOutcomes, rotateUntil } from "./rotation.ts";

let project: TestProject;
let server: RunningServer;
let proxy: HttpProxy;

beforeAll(async () => {
  project = await createTestProject();
  const { fetch } = project.service.auth;
  server = await startServer({ fetch, host: "127.0.0.1", port: 0 });
  proxy = await startHttpProxy(server.port);
});
afterAll(async () => {
  await proxy.close();
  await server.close(0);
});

const injected = () => [...proxy.injected.values()].reduce((sum, count) => sum + count, 0);

describe("clients that rotate while their requests and replies are lost at random", () => {
  it("keep one lineage each and all that was acknowledged, 300 faults (cases 28, 29)", async () => {
    proxy.choose(() =>
      Math.random() < 0.5 ? httpFaults[randomInt(httpFaults.length)] : undefined,
    );
    const send = sendTo(() => proxy.port, project.id);
    const result = await rotateUntil(project, send, {
      clients: 16,
      isEnough: () => injected() >= 300,
      calm: () => proxy.choose(),
    });

    expect(result.violations).toEqual([]);
    expect(result.lockedOut).toEqual([]);
    expect([...proxy.injected.keys()].sort()).toEqual([...httpFaults].sort());
    expect(countOutcomes(result.operations, "refresh").info).toBeGreaterThan(50);
  });
});

describe("a request that arrives slowly, or whose sender closed its half", () => {
  it.each(["slow sender", "half-close"] as const)(
    "is answered as any other (%s)",
    async (fault) => {
      proxy.choose(() => fault);
      const send = sendTo(() => proxy.port, project.id);
      const body = { refresh_token: "not one" };
      const reply = await send("/refresh", { method: "POST", body });
      expect(reply).toMatchObject({ status: 400, body: { error_code: "refresh_token_not_found" } });
    },
  );
});
