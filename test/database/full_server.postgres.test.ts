import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { craftToken } from "../support/jwt.ts";
import { untilWaiting } from "../support/locks.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";

const unavailable = { status: 503, body: { error_code: "service_unavailable" } };
const neighbours: pg.Client[] = [];

let own: OwnServer;
let session: SessionReply;
let instance: Instance;

beforeAll(async () => {
  own = await openOwnServer({ max_connections: "12" });
  session = await own.project.signUp();
  await own.project.service.engine.query("create role neighbour login");
});
afterEach(async () => {
  await leave();
  await instance?.close();
});
afterAll(() => own?.close());

/** Another tenant of the server, who takes every connection that there is. */
async function crowd(): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: own.server.url("postgres", "neighbour") });
    client.on("error", () => {});
    try {
      await client.connect();
    } catch (error) {
      if ((error as { code?: string }).code === "53300") return;
      throw error;
    }
    neighbours.push(client);
  }
}

async function leave(): Promise<void> {
  await Promise.all(neighbours.splice(0).map((client) => client.end()));
}

/** The service's connections end, and the neighbour is quicker. */
async function evict(): Promise<void> {
  await own.project.service.engine.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1",
    [own.project.service.runtimeRole],
  );
  await crowd();
}

function user(token = session.access_token) {
  return own.project.request("/user", { token, auth: instance.auth });
}

async function expectForgedRefused() {
  const forged = craftToken({ payload: { sub: session.user.id }, sign: "another secret" });
  for (const token of [forged, "a.b.c"]) expect((await user(token)).status).toBe(401);
}

describe("a server whose connections another tenant has taken (case 192)", () => {
  it("is 503 for whoever needs one, 401 for a token that is none, and serves again afterwards", async () => {
    instance = openInstance(own.project.service);
    expect((await user()).status).toBe(200);
    await crowd();
    await evict();
    for (let time = 0; time < 3; time += 1) {
      const reply = await user();
      expect(reply).toMatchObject(unavailable);
      expect(reply.headers.get("Retry-After")).toBe("1");
    }
    await expectForgedRefused();
    await leave();
    while ((await user()).status === 503) await sleep(10);
    expect((await user()).status).toBe(200);
  });
});

describe("a pool whose connections are all busy (cases 57, 192)", () => {
  it("lets a few wait, for so long as they may, refuses the others at once, and recovers", async () => {
    instance = openInstance(own.project.service, {
      connections: 2,
      connectionsPerProject: 2,
      waiting: 3,
      connectTimeout: 500,
    });
    expect((await user()).status).toBe(200);
    const holder = new pg.Client({ connectionString: own.server.url() });
    await holder.connect();
    await holder.query(`begin; lock table ${own.project.id}.sessions in access exclusive mode`);
    const busy = [user(), user()];
    await untilWaiting(own.project, 2);
    const order: string[] = [];
    const waiting = Array.from({ length: 3 }, () => user().finally(() => order.push("waited")));
    await sleep(0);
    const refused = Array.from({ length: 3 }, () => user().finally(() => order.push("refused")));
    await expectForgedRefused();
    for (const reply of await Promise.all([...refused, ...waiting])) {
      expect(reply).toMatchObject(unavailable);
      expect(reply.headers.get("Retry-After")).toBe("1");
    }
    expect(order).toEqual([...refused.map(() => "refused"), ...waiting.map(() => "waited")]);
    await holder.query("commit");
    await holder.end();
    for (const reply of await Promise.all(busy)) expect(reply.status).toBe(200);
    expect((await user()).status).toBe(200);
  });
});
