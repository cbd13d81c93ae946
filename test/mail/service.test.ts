import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Auth, createAuth, type MailOptions } from "../../src/auth.ts";
import { mailboxTransport } from "../../src/mail/transports/mailbox.ts";
import { MailRefused, type OutgoingMail } from "../../src/mail/transports/transport.ts";
import { deliverFrom, emptyOutbox, queuedRows } from "../support/delivery.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";

const never = 3_600_000;
let service: TestService;
let project: TestProject;
let running: Auth[] = [];

beforeAll(async () => {
  service = await openService();
});
beforeEach(async () => {
  await emptyOutbox(service);
  project = await createTestProject({ mail_interval: 0 });
});
afterEach(async () => {
  await Promise.all(running.map((auth) => auth.close()));
  running = [];
});

function open(mail: MailOptions): Auth {
  const { runtime, masterKey, publicUrl } = service;
  const auth = createAuth({ database: runtime, masterKey, publicUrl, mail });
  running.push(auth);
  return auth;
}

describe("a service that delivers", () => {
  it("sends what a request queued at once, long before its next look", async () => {
    const transport = mailboxTransport();
    const auth = open({ transport, pollInterval: never });
    const email = freshEmail();
    await project.post("/signup", { email, password: goodPassword }, { auth });
    await project.post("/recover", { email }, { auth });
    while (!transport.mails().some(({ purpose }) => purpose === "recovery")) await sleep(10);
    const [mail] = transport.mails().filter(({ purpose }) => purpose === "recovery");
    expect(mail).toMatchObject({ to: email, projectId: project.id });
    const reply = await project.post("/verify", { type: "recovery", token_hash: mail?.token });
    expect(reply.status).toBe(200);
  });

  it("keeps no request waiting for a mail that does not leave, whoever has the address (case 177)", async () => {
    let begun = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const send = () => {
      begun += 1;
      return released;
    };
    const transport = { ...mailboxTransport(), send };
    const auth = open({ transport, pollInterval: never });
    const [email, unknown] = [freshEmail(), freshEmail()];
    const credentials = { email, password: goodPassword };
    expect((await project.post("/signup", credentials, { auth })).status).toBe(200);
    while (begun === 0) await sleep(10);
    for (const address of [email, unknown, email, unknown]) {
      const reply = await project.post("/recover", { email: address }, { auth });
      expect(reply).toMatchObject({ status: 200, body: {} });
    }
    const waiting = (await queuedRows(project)).filter(({ recipient }) => recipient === email);
    expect(waiting.map(({ state }) => state)).toEqual(["queued", "queued"]);
    while (begun < 2) await sleep(10);
    release();
  });

  it("writes to the stored address, however it was typed (case 18)", async () => {
    const transport = mailboxTransport();
    const auth = open({ transport, pollInterval: never });
    const email = freshEmail();
    await project.signUp({ email });
    const typed = email.replace(/^user/, "USER").replace("example", "Example");
    await project.post("/recover", { email: typed }, { auth });
    while (!transport.mails().some(({ purpose }) => purpose === "recovery")) await sleep(10);
    expect(new Set(transport.mails().map(({ to }) => to))).toEqual(new Set([email]));
  });

  it("shows no mailbox unless it was told to", async () => {
    const status = async (auth: Auth, path = "/_dev/mail") =>
      (await auth.fetch(new Request(`http://localhost${path}`))).status;
    const transport = mailboxTransport();
    const silent = [open({}), open({ transport, pollInterval: 0 }), service.auth];
    for (const auth of silent) {
      for (const path of ["/_dev/mail", "/_dev/mail.json", "/_dev/mail/list", "/_dev/mail/clear"]) {
        expect([path, await status(auth, path)]).toEqual([path, 404]);
      }
      expect(await status(auth, `/${project.id}/_dev/mail`)).toBe(404);
    }
    const shown = open({ transport, pollInterval: 0, showMailbox: true });
    expect(await status(shown)).toBe(200);
    expect(await status(shown, `/${project.id}/_dev/mail`)).toBe(404);
  });
});

describe("mail whose token is not good any more", () => {
  it("is dropped and not sent: used, replaced or a day old", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    await emptyOutbox(service);
    await project.post("/recover", { email });
    await project.sql("update one_time_tokens set created_at = created_at - interval '25 hours'");
    const transport = mailboxTransport();
    await open({ transport, pollInterval: 0 }).deliverMail();
    expect(transport.mails()).toEqual([]);
    expect(await queuedRows(project)).toEqual([
      expect.objectContaining({ state: "sent", isErased: true }),
    ]);
  });

  it("lives from the moment it leaves, after hours in the queue (case 177)", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    await emptyOutbox(service);
    await project.post("/recover", { email });
    await project.sql(
      `update one_time_tokens set created_at = created_at - interval '5 hours',
        expires_at = expires_at - interval '5 hours', code_expires_at = code_expires_at - interval '5 hours'`,
    );
    const transport = mailboxTransport();
    await open({ transport, pollInterval: 0 }).deliverMail();
    const [mail] = transport.mails();
    const reply = await project.post("/verify", { type: "recovery", token_hash: mail?.token });
    expect(reply.status).toBe(200);
  });
});

describe("the log of deliveries that succeed and fail (cases 72, 143)", () => {
  it("holds no address, token, code, hash, key, word of the mail or of the other side", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    await emptyOutbox(service);
    await project.post("/recover", { email });
    const [queued] = await service.engine.query<{ payload: string }>(
      "select encode(payload, 'hex') as payload from miosa_auth.outbox",
    );
    let attempts = 0;
    const sent: OutgoingMail[] = [];
    const transport = {
      async send(mail: OutgoingMail) {
        sent.push(mail);
        attempts += 1;
        if (attempts === 1) throw new Error(`550 ${mail.to} ${mail.code} ${mail.link} is unknown`);
        if (attempts === 2) throw new MailRefused({ failure: "smtp 451" });
      },
      async close() {},
    };
    const from = { name: "The Shop", address: "needle@shop.example" };
    const delivery = deliverFrom(service, { transport, from, replyTo: null });
    for (let round = 0; round < 3; round += 1) {
      await service.engine.query("update miosa_auth.outbox set due_at = now()");
      await delivery.drain();
    }
    await delivery.stop();
    expect(await queuedRows(project)).toEqual([expect.objectContaining({ state: "sent" })]);
    const log = delivery.log.join("");
    const lines = delivery.log.map((line) => JSON.parse(line));
    expect(lines.map(({ msg, failure }) => [msg, failure])).toEqual([
      ["mail not sent", "unexpected Error"],
      ["mail not sent", "smtp 451"],
      ["mail sent", undefined],
    ]);
    const [mail] = sent;
    const secrets = {
      email,
      token: mail?.token,
      code: `"${mail?.code}`,
      link: mail?.link,
      subject: mail?.subject,
      payload: queued?.payload,
      sender: from.address,
      masterKey: service.masterKey,
      at: "@",
      reply: "is unknown",
    };
    for (const [name, secret] of Object.entries(secrets)) {
      expect([name, typeof secret, log.includes(String(secret))]).toEqual([name, "string", false]);
    }
    for (const { failure } of await queuedRows(project)) expect(String(failure)).not.toContain("@");
  });
});
