import jwt from "jsonwebtoken";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { contentsOf } from "../support/contents.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { type OwnServer, openProjectOn, startOwnServer } from "../support/own_server.ts";
import { goodPassword, type RequestOptions } from "../support/project.ts";
import { samples } from "../support/scrape.ts";
import { openSession, refresh } from "../support/sessions.ts";
import { smallDisk } from "../support/small_disk.ts";

const disk = smallDisk(128);
const registry = new Registry();
const log: string[] = [];
let own: OwnServer;
let instance: Instance;
let person: SessionReply;
let newest: string;

beforeAll(async () => {
  const settings = { min_wal_size: "32MB", max_wal_size: "64MB" };
  own = await openProjectOn(await startOwnServer({ fsync: true, settings, fill: disk.fill }));
  const logger = pino({}, { write: (line: string) => log.push(line) });
  instance = openInstance(own.project.service, {}, { metrics: registry, logger });
  person = await own.project.signUp();
  newest = person.refresh_token;
});
afterAll(async () => {
  await instance?.close();
  await own?.server.halt();
  disk.unmount();
  await own?.close();
});

const send = (path: string, options: RequestOptions) =>
  own.project.request<SessionReply>(path, { ...options, auth: instance.auth });
const renew = () => send("/refresh", { method: "POST", body: { refresh_token: newest } });
const signIn = () =>
  send("/token", { method: "POST", body: { email: person.user.email, password: goodPassword } });

/** A sign-in, a refresh and a sign-up are refused for the moment, and say when to come again. */
async function expectUnavailable(): Promise<void> {
  const body = { email: "new@example.com", password: goodPassword };
  for (const reply of [
    await signIn(),
    await renew(),
    await send("/signup", { method: "POST", body }),
  ]) {
    expect(reply).toMatchObject({ status: 503, body: { error_code: "service_unavailable" } });
    expect(reply.headers.get("Retry-After")).toBe("1");
  }
  expect(jwt.verify(person.access_token, own.project.jwtSecret)).toMatchObject({
    sub: person.user.id,
  });
}

async function expectServed(): Promise<void> {
  expect((await signIn()).status).toBe(200);
  const reply = await renew();
  expect(reply.status).toBe(200);
  newest = reply.body.refresh_token;
}

describe("a Postgres whose disk is full (case 197)", () => {
  it("is 503 for what would write, half-writes nothing, still answers who somebody is, and raises an alarm", async () => {
    await disk.takeAll();
    // Pages have some room left.
    for (let reply = await renew(); reply.status !== 503; reply = await renew()) {
      expect(reply.status).toBe(200);
      newest = reply.body.refresh_token;
    }
    const before = await contentsOf(own.project);
    await expectUnavailable();
    expect(await contentsOf(own.project)).toEqual(before);
    expect((await send("/user", { token: person.access_token })).status).toBe(200);

    expect(log.some((line) => line.includes('"sqlstate":"53100"'))).toBe(true);
    const failures = await samples(registry, "miosa_auth_call_failures_total");
    expect(failures).toEqual([expect.stringMatching(/^database=0,reason=server: \d+$/)]);
  });

  it("serves again by itself when there is room", async () => {
    await disk.giveBack();
    await expectServed();
  });
});

describe("a Postgres that ends for want of room for its log (case 197)", () => {
  it("is 503 as long as it cannot start, and serves when it can, with all that was acknowledged", async () => {
    const { project, server } = own;
    const ended = await openSession(project);
    const body = { refresh_token: ended.refreshToken };
    expect((await send("/logout", { method: "POST", body })).status).toBe(204);
    await disk.takeAll();
    const nextSegment = () =>
      project.sql("select pg_logical_emit_message(false, '', ''), pg_switch_wal()");
    await expect(
      (async () => {
        for (;;) await nextSegment();
      })(),
    ).rejects.toThrow();

    await expectUnavailable();
    await expect(server.start()).rejects.toThrow("No space left on device");
    await expectUnavailable();
    await disk.giveBack();
    await server.start();
    await expectServed();
    const { status, body: refusal } = await refresh(project, ended.refreshToken);
    expect([status, refusal.error_code]).toEqual([400, "session_not_found"]);
  });
});
