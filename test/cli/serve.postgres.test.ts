import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import jwt from "jsonwebtoken";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { type Running, runCli, startCli } from "../support/cli.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";
import { freshEmail, goodPassword } from "../support/project.ts";

let own: OwnServer;
let running: Running<unknown>[] = [];

beforeAll(async () => {
  own = await openOwnServer();
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
});
afterAll(() => own?.close());

function environment(more: Record<string, string> = {}): Record<string, string> {
  const { engine, runtimeRole, masterKey } = own.project.service;
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  const url = engine.url(runtimeRole);
  return { MIOSA_AUTH_DATABASE: url, MIOSA_AUTH_KEY: masterKey, MIOSA_AUTH_PORT: "0", ...more };
}

async function serve(more: Record<string, string> = {}) {
  const server = await startCli(["serve"], environment(more));
  running.push(server);
  const origin = `http://127.0.0.1:${server.printed.port}`;
  return { ...server, origin, authUrl: `${origin}/${own.project.id}` };
}

async function status(url: string): Promise<number> {
  return (await fetch(url)).status;
}

async function post(url: string, body: object): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}

const mail = {
  MIOSA_AUTH_MAIL_URL: pathToFileURL(join(tmpdir(), "no-mail")).href,
  MIOSA_AUTH_MAIL_FROM: "a@b.example",
};

describe("serve", () => {
  it("notes that mail waits where it does not know where to", async () => {
    expect((await serve()).stderr()).toContain("note: MIOSA_AUTH_MAIL_URL is not set");
    expect((await serve(mail)).stderr()).not.toContain("note:");
    const half = await runCli(
      ["serve"],
      environment({ MIOSA_AUTH_MAIL_URL: mail.MIOSA_AUTH_MAIL_URL }),
    );
    expect([half.code, half.stderr]).toEqual([1, expect.stringContaining("MIOSA_AUTH_MAIL_FROM")]);
    const unsafe = { ...mail, MIOSA_AUTH_MAIL_URL: "smtp://u:hidden-word@mail.example?tls=off" };
    const refused = await runCli(["serve"], environment(unsafe));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("loopback")]);
    expect(refused.stderr).not.toContain("hidden-word");
  });

  it("prints where it serves on standard output, and logs on standard error", async () => {
    const server = await serve(mail);
    const port = server.printed.port;
    expect(server.printed).toEqual({
      public_url: `http://localhost:${port}`,
      host: "127.0.0.1",
      port: expect.any(Number),
    });
    const reply = await post(`${server.authUrl}/signup`, {
      email: freshEmail(),
      password: goodPassword,
    });
    const session = (await reply.json()) as SessionReply;
    const claims = jwt.verify(session.access_token, own.project.jwtSecret);
    expect(claims).toMatchObject({ iss: `http://localhost:${port}/${own.project.id}` });
    while (!server.stderr().includes("\n")) await sleep(10);
    const lines = server.stderr().trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ msg: "request", route: "/signup", status: 200 }),
    ]);
    expect(server.stderr()).not.toContain(goodPassword);
  });

  it("says what to do where the database was not prepared, or the login may not serve", async () => {
    const { server } = own;
    await own.project.service.engine.query("create role stranger login");
    const [unprepared, unauthorised, taken] = await Promise.all([
      runCli(["serve"], environment({ MIOSA_AUTH_DATABASE: server.url("template1") })),
      runCli(["serve"], environment({ MIOSA_AUTH_DATABASE: server.url("postgres", "stranger") })),
      whilePortTaken((port) => runCli(["serve", "--port", `${port}`], environment())),
    ]);
    expect([unprepared.code, unprepared.stderr.includes("miosa-auth database init")]).toEqual([
      1,
      true,
    ]);
    expect([unauthorised.code, unauthorised.stderr]).toEqual([
      1,
      expect.stringContaining("stranger may not serve this database"),
    ]);
    expect([taken.result.code, taken.result.stderr]).toEqual([
      1,
      expect.stringContaining(`EADDRINUSE: address already in use 127.0.0.1:${taken.port}`),
    ]);
  });

  it("has metrics on a port of its own, and not on the public one", async () => {
    const server = await serve({ ...mail, MIOSA_AUTH_METRICS_PORT: "0" });
    const url = `${server.printed.metrics_url}`;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    expect(url).not.toContain(`:${server.printed.port}/`);
    await post(`${server.authUrl}/token`, { email: freshEmail(), password: goodPassword });
    expect([
      await status(`${server.origin}/metrics`),
      await status(`${server.authUrl}/metrics`),
      await status(new URL("/health", url).href),
      (await post(url, {})).status,
    ]).toEqual([404, 404, 404, 405]);

    const reply = await fetch(url);
    expect(reply.headers.get("Content-Type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await reply.text()).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        'miosa_auth_requests_total{route="/token",method="POST",status="4xx",code="invalid_credentials"} 1',
        'miosa_auth_requests_total{route="unmatched",method="GET",status="4xx",code="not_found"} 1',
        'miosa_auth_database_up{database="0"} 1',
        expect.stringMatching(/^miosa_auth_connections\{database="0",state="idle"\} [1-9]/),
        expect.stringMatching(/^miosa_auth_clock_offset_seconds\{database="0"\} -?\d/),
        expect.stringMatching(/^nodejs_eventloop_lag_seconds /),
      ]),
    );
    expect(lines.join()).not.toContain(own.project.id);
  });

  it("notes that an administrator's login holds more rights than it needs", async () => {
    const server = await serve({ MIOSA_AUTH_DATABASE: own.server.url() });
    expect(server.stderr()).toContain("note: postgres holds more rights than a server needs");
  });
});

async function whilePortTaken<T>(work: (port: number) => Promise<T>) {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const { port } = blocker.address() as AddressInfo;
  const result = await work(port);
  blocker.close();
  return { port, result };
}

describe("serve, told to stop (case 194)", () => {
  it("is not ready first, serves on until nobody is sent any more, and ends with 0", async () => {
    const { access_token } = await own.project.signUp();
    const headers = { Authorization: `Bearer ${access_token}` };
    const server = await serve({
      MIOSA_AUTH_DRAIN: "1",
      MIOSA_AUTH_PUBLIC_URL: "http://auth.test",
    });
    const outcomes: unknown[] = [];
    let isReady = true;
    const load = Array.from({ length: 12 }, async () => {
      // As a load balancer does: it goes on until it has noticed.
      while (isReady) {
        const reply = await fetch(`${server.authUrl}/user`, { headers }).catch(String);
        outcomes.push(typeof reply === "string" ? reply : reply.status);
        if (typeof reply !== "string") await reply.text();
      }
    });
    while (outcomes.length < 50) await sleep(10);
    const stopped = server.stop("SIGTERM");
    while ((await status(`${server.origin}/health/ready`)) === 200) await sleep(10);
    isReady = false;
    await Promise.all(load);
    expect(new Set(outcomes)).toEqual(new Set([200]));
    expect(await stopped).toBe(0);
  });

  it("finishes the sign-ins in flight, though it closes at once", async () => {
    const email = freshEmail();
    await own.project.signUp({ email });
    const server = await serve({ MIOSA_AUTH_DRAIN: "0" });
    const signIns = Array.from({ length: 8 }, async () => {
      const reply = await post(`${server.authUrl}/token`, { email, password: goodPassword });
      await reply.text();
      return reply.status;
    });
    await Promise.race(signIns);
    expect(await server.stop("SIGTERM")).toBe(0);
    expect(await Promise.all(signIns)).toEqual(signIns.map(() => 200));
  });

  it("ends at once when it is told twice", async () => {
    const server = await serve({ MIOSA_AUTH_DRAIN: "300" });
    server.child.kill("SIGTERM");
    while ((await status(`${server.origin}/health/ready`)) === 200) await sleep(20);
    expect(await server.stop("SIGTERM")).toBe(1);
  });

  it("does not keep a person waiting, who presses Ctrl-C", async () => {
    const server = await serve({ MIOSA_AUTH_DRAIN: "300" });
    expect(await server.stop("SIGINT")).toBe(0);
  });
});

describe("serve, started while Postgres is away (case 187)", () => {
  it("is alive and not ready, and serves as soon as Postgres is there", async () => {
    await own.server.halt();
    const server = await serve();
    expect(server.stderr()).toMatch(/note: .*ECONNREFUSED.*serving 503 until it can/);
    expect(await status(`${server.origin}/health/live`)).toBe(200);
    expect(await status(`${server.origin}/health/ready`)).toBe(503);
    const refused = await fetch(`${server.authUrl}/settings`);
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);

    await own.server.start();
    while ((await status(`${server.origin}/health/ready`)) !== 200) await sleep(50);
    expect(await status(`${server.authUrl}/settings`)).toBe(200);
  });
});
