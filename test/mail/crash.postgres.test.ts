import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { changeSettings } from "../../src/projects/settings.ts";
import { type Running, startCli } from "../support/cli.ts";
import { queuedRows } from "../support/delivery.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";
import { freshEmail, goodPassword } from "../support/project.ts";
import { header, startSmtp, type TestSmtp } from "../support/smtp.ts";

let own: OwnServer;
let smtp: TestSmtp;
let running: Running<unknown>[] = [];

beforeAll(async () => {
  own = await openOwnServer();
  // The sign-up has its mail, too.
  await changeSettings(own.project.service.admin, own.project.id, { mail_interval: 0 });
  smtp = await startSmtp();
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
  (smtp.mails as unknown[]).length = 0;
  smtp.mode = "accept";
});
afterAll(async () => {
  await smtp?.close();
  await own?.close();
});

async function serve() {
  const { engine, runtimeRole, masterKey } = own.project.service;
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  const server = await startCli(["serve"], {
    MIOSA_AUTH_DATABASE: engine.url(runtimeRole),
    MIOSA_AUTH_KEY: masterKey,
    MIOSA_AUTH_PORT: "0",
    MIOSA_AUTH_DRAIN: "0",
    MIOSA_AUTH_MAIL_URL: smtp.url,
    MIOSA_AUTH_MAIL_FROM: "auth@shop.example",
  });
  running.push(server);
  return { ...server, authUrl: `http://127.0.0.1:${server.printed.port}/${own.project.id}` };
}

async function askForRecovery(authUrl: string): Promise<string> {
  const email = freshEmail();
  await own.project.signUp({ email, password: goodPassword });
  const reply = await fetch(`${authUrl}/recover`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email }),
  });
  expect(reply.status).toBe(200);
  return email;
}

/** Recovery mails that were taken. */
const mailsTo = (email: string) =>
  smtp.mails.filter(
    ({ to, raw }) => to.includes(email) && /type=(3D)?recovery/.test(raw.replaceAll("=\r\n", "")),
  );
const tokenIn = (raw: string) =>
  /[?&]token=(?:3D)?([A-Za-z0-9_-]{43})/.exec(
    raw.replaceAll("=\r\n", "").replaceAll("=3D", "="),
  )?.[1];

async function recoveryRow() {
  return (await queuedRows(own.project)).at(-1);
}

describe("a server that dies between DATA and its note of it (case 178)", {
  timeout: 60_000,
}, () => {
  it("leaves one mail that may come twice, with the same token and Message-ID", async () => {
    const first = await serve();
    smtp.mode = "hang after DATA";
    const email = await askForRecovery(first.authUrl);
    while (mailsTo(email).length === 0) await sleep(10);
    await first.stop("SIGKILL");
    const left = await recoveryRow();
    expect(left).toMatchObject({ state: "queued", attempts: 1, isErased: false });
    expect(left?.lease).not.toBe(null);

    smtp.mode = "accept";
    const second = await serve();
    // While the lease holds, nobody else sends it.
    await sleep(1_500);
    expect(mailsTo(email)).toHaveLength(1);
    await own.project.service.engine.query(
      "update miosa_auth.outbox set due_at = now() where lease is not null",
    );
    while ((await recoveryRow())?.state !== "sent") await sleep(20);
    expect(await second.stop("SIGTERM")).toBe(0);

    const [one, two, ...more] = mailsTo(email).map(({ raw }) => raw);
    expect(more).toEqual([]);
    expect(header(one ?? "", "Message-ID")).toBe(header(two ?? "", "Message-ID"));
    const tokens = [tokenIn(one ?? ""), tokenIn(two ?? "")];
    expect(tokens[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(tokens[1]).toBe(tokens[0]);
    const log = first.stderr() + second.stderr();
    for (const secret of [email, tokens[0] ?? "", goodPassword]) expect(log).not.toContain(secret);
  });
});

describe("a server that is told to stop", { timeout: 60_000 }, () => {
  it("finishes the mail under way and leaves no lease", async () => {
    const server = await serve();
    smtp.mode = "slow after DATA";
    const email = await askForRecovery(server.authUrl);
    while (mailsTo(email).length === 0) await sleep(10);
    expect(await server.stop("SIGTERM")).toBe(0);
    expect(await recoveryRow()).toMatchObject({ state: "sent", isErased: true, lease: null });
    expect(mailsTo(email)).toHaveLength(1);
  });
});

describe("sign-up and recovery while the mail server is down (case 177)", {
  timeout: 60_000,
}, () => {
  it("answer as ever, and the mail is there when it is back, with a token that works", async () => {
    await smtp.halt();
    const server = await serve();
    const email = await askForRecovery(server.authUrl);
    while ((await recoveryRow())?.failure !== "connection") await sleep(20);
    await smtp.resume();
    await own.project.service.engine.query("update miosa_auth.outbox set due_at = now()");
    while ((await recoveryRow())?.state !== "sent") {
      await sleep(200);
      await own.project.service.engine.query(
        "update miosa_auth.outbox set due_at = now() where state = 'queued' and lease is null",
      );
    }
    const token = tokenIn(mailsTo(email)[0]?.raw ?? "");
    const reply = await own.project.post("/verify", { type: "recovery", token_hash: token });
    expect([reply.status, Object.keys(reply.body)]).toEqual([
      200,
      expect.arrayContaining(["access_token"]),
    ]);
  });
});
