import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FairGate } from "../../src/admission/fair_gate.ts";
import { connectPostgres, type PostgresOptions } from "../../src/database/postgres.ts";
import { checkRuntime } from "../../src/projects/runtime_check.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { calling } from "../support/own_names.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { startProxy, type TcpProxy } from "../support/tcp_proxy.ts";

const connections = 3;
const limits = { connections, deadline: 300, connectTimeout: 300 };
const unavailable = { status: 503, body: { error_code: "service_unavailable" } };

let project: TestProject;
let session: SessionReply;
let proxy: TcpProxy;
let url: string;
const instances: Instance[] = [];

beforeAll(async () => {
  project = await createTestProject();
  session = await project.signUp();
});
beforeEach(async () => {
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("there is no connection to lose");
  proxy = await startProxy(engine.server.port);
  url = proxy.through(engine.url(runtimeRole));
});
afterEach(async () => {
  await Promise.all(instances.splice(0).map((instance) => instance.close()));
  await proxy.close();
});

function open(options: Partial<PostgresOptions> = {}): Instance {
  const instance = openInstance(project.service, { url, ...limits, ...options });
  instances.push(instance);
  return instance;
}

function user({ auth }: Instance, token = session.access_token) {
  return project.request("/user", { token, auth });
}

async function statuses(replies: Promise<{ status: number }>[]): Promise<number[]> {
  return (await Promise.all(replies)).map(({ status }) => status);
}

describe("a connection that goes silent, with no reset (case 189)", () => {
  it("is given up at the call's deadline and never used again", async () => {
    const instance = open({ connections: 1 });
    expect((await user(instance)).status).toBe(200);
    const happened = proxy.once("silence", calling(project.id, "get_user"));
    const lost = await user(instance);
    await happened;
    expect(lost).toMatchObject(unavailable);
    expect(lost.headers.get("Retry-After")).toBe("1");
    for (let time = 0; time < 3; time += 1) expect((await user(instance)).status).toBe(200);
  });

  it("is told to the gate, which keeps the very last connections from its project (case 128)", async () => {
    const leave = vi.spyOn(FairGate.prototype, "leave");
    const instance = open();
    const happened = proxy.once("silence", calling(project.id, "get_user"));
    await user(instance);
    await happened;
    expect(leave).toHaveBeenLastCalledWith(project.id, true);
    await user(instance);
    expect(leave).toHaveBeenLastCalledWith(project.id, false);
    leave.mockRestore();
  });

  it("is told to the gate by a timer that is ahead of the clock, too (case 128)", async () => {
    const leave = vi.spyOn(FairGate.prototype, "leave");
    const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now());
    const happened = proxy.once("silence", calling(project.id, "get_user"));
    await user(open());
    await happened;
    clock.mockRestore();
    expect(leave).toHaveBeenLastCalledWith(project.id, true);
    leave.mockRestore();
  });

  it("keeps nobody else waiting", async () => {
    const instance = open({ deadline: 60_000 });
    await user(instance);
    const happened = proxy.once("silence", calling(project.id, "get_user"));
    const stuck = user(instance);
    await happened;
    const others = Array.from({ length: 20 }, () => user(instance));
    expect(await statuses(others)).toEqual(others.map(() => 200));
    proxy.refuse();
    expect(await stuck).toMatchObject(unavailable);
  });
});

describe("a network that swallows everything (case 189)", () => {
  it("makes a 503 of every request, also of those that wait for a connection or make one", async () => {
    const instance = open();
    await statuses(Array.from({ length: connections - 1 }, () => user(instance)));
    proxy.swallow();
    const replies = await Promise.all(Array.from({ length: 9 }, () => user(instance)));
    for (const reply of replies) {
      expect(reply).toMatchObject(unavailable);
      expect(reply.headers.get("Retry-After")).toBe("1");
    }
    expect((await project.request("/health", { auth: instance.auth })).status).toBe(200);
    expect((await project.request("/health/ready", { auth: instance.auth })).status).toBe(503);
    expect((await user(instance, "a.b.c")).status).toBe(401);
  });

  it("is over for a process as soon as it is over, at the cost of one call for all dead connections", async () => {
    // So long that a slow machine's new connection is not taken for another silence.
    const instance = open({ deadline: 1_500, connectTimeout: 1_500 });
    await statuses(Array.from({ length: connections }, () => user(instance)));
    proxy.swallow();
    proxy.allow();
    const asked: number[] = [];
    for (let time = 0; time <= connections; time += 1) asked.push((await user(instance)).status);
    expect(asked).toEqual([503, 200, 200, 200]);
  });

  it("lets a process start, that is ready once it has ended (case 187)", async () => {
    proxy.swallow();
    const instance = open();
    expect(await user(instance)).toMatchObject(unavailable);
    proxy.allow();
    while ((await user(instance)).status !== 200) await sleep(10);
  });

  it.each([
    ["while it connects", () => proxy.swallow()],
    ["at its first statement", () => void proxy.once("silence", "begin")],
    ["while it looks", () => void proxy.once("silence", "current_user")],
  ])("does not keep the check of a server that starts (%s)", async (_, happen) => {
    const database = connectPostgres({ url, connectTimeout: 300, statementDeadline: 300 });
    happen();
    await expect(checkRuntime(database)).rejects.toMatchObject({ code: "service_unavailable" });
    await database.close();
  });
});
