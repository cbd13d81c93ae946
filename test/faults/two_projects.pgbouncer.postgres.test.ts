import { afterAll, beforeAll, expect, it } from "vitest";
import { type Pooler, startPgBouncer } from "../support/pgbouncer.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";
import { openBehindWireProxy } from "./cut_service.ts";
import { countOutcomes, rotateTogether } from "./rotation.ts";
import { randomWireFault } from "./wire_proxy.ts";

let projects: TestProject[];
let service: TestService;
let pooler: Pooler;
let url: string;

beforeAll(async () => {
  projects = [await createTestProject(), await createTestProject()];
  service = await openService();
  const { engine, runtimeRole } = service;
  if (engine.kind !== "postgres") throw new Error("there is no server to pool");
  pooler = await startPgBouncer(engine.server.port, { poolSize: 2, roles: [runtimeRole] });
  url = pooler.url(runtimeRole, engine.database);
});
afterAll(() => pooler?.stop());

it("two projects that share two server connections are told nothing of each other while links to PgBouncer break (invariant I5)", async () => {
  const { proxy, sendOf, close } = await openBehindWireProxy(service, 10, url);
  const { operations, violations, lockedOut } = await rotateTogether(projects, sendOf, {
    clients: 6,
    faults: () => {
      proxy.choose(randomWireFault(0.3));
      return proxy.injections.reach(80);
    },
    calm: () => proxy.choose(),
  });
  await close();
  expect([violations, lockedOut]).toEqual([[], []]);
  expect(countOutcomes(operations, "refresh").info).toBeGreaterThan(10);
});
