import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { mailboxTransport } from "../../src/mail/transports/mailbox.ts";
import { suspendProject } from "../../src/projects/state.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { emptyOutbox, queueMails } from "../support/delivery.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { samples } from "../support/scrape.ts";

let project: TestProject;
let registry: Registry;
let auth: Auth;

beforeAll(async () => {
  project = await createTestProject();
  await emptyOutbox(project.service);
  registry = new Registry();
  const { runtime, masterKey, publicUrl } = project.service;
  auth = createAuth({
    database: runtime,
    masterKey,
    publicUrl,
    hasher: quickHasher(),
    metrics: registry,
    mail: { transport: mailboxTransport(), pollInterval: 0 },
  });
});
afterAll(() => auth.close());

/** The outbox as a server sees it that begins now. */
async function outbox(): Promise<string[]> {
  const { runtime } = project.service;
  const own = new Registry();
  createMetrics(own, { databases: [runtime], hasher: quickHasher(), limits: { patience: 20_000 } });
  return [
    ...(await samples(own, "miosa_auth_outbox_mails")),
    ...(await samples(own, "miosa_auth_outbox_oldest_seconds")),
  ];
}

describe("a service with metrics", () => {
  it("counts sign-ins as they came out", async () => {
    const credentials = { email: freshEmail(), password: goodPassword };
    await project.post("/signup", credentials, { auth });
    await project.post("/token", credentials, { auth });
    await project.post("/token", credentials, { auth });
    await project.post("/token", { ...credentials, password: "not the password" }, { auth });
    expect(await samples(registry, "miosa_auth_sign_ins_total")).toEqual([
      "by=password,outcome=invalid_credentials: 1",
      "by=password,outcome=ok: 2",
    ]);
    expect(await samples(registry, "miosa_auth_requests_total")).toEqual([
      "route=/signup,method=POST,status=2xx,code=: 1",
      "route=/token,method=POST,status=2xx,code=: 2",
      "route=/token,method=POST,status=4xx,code=invalid_credentials: 1",
    ]);
  });

  it("counts mail as it leaves", async () => {
    await emptyOutbox(project.service);
    await queueMails(project, 3);
    await queueMails(project, 2, { purpose: "made_up" });
    await auth.deliverMail();
    expect(await samples(registry, "miosa_auth_mails_total")).toEqual([
      "outcome=parked: 2",
      "outcome=sent: 3",
    ]);
  });

  it("says with the rights of a server that the database is up, and how its clock goes", async () => {
    expect(await samples(registry, "miosa_auth_database_up")).toEqual(["database=0: 1"]);
    const text = await registry.getSingleMetricAsString("miosa_auth_clock_offset_seconds");
    const offset = /database="0"\} (\S+)/.exec(text)?.[1];
    expect(Math.abs(Number(offset))).toBeLessThan(30);
  });
});

describe("the outbox of all projects together", () => {
  it("is empty, or so many mails wait and are parked, and the oldest for so long", async () => {
    const { engine, admin } = project.service;
    await emptyOutbox(project.service);
    expect(await outbox()).toEqual([]);
    const other = await createTestProject();
    await queueMails(project, 2);
    await queueMails(other, 1);
    await queueMails(project, 4, { purpose: "none" });
    await engine.query(
      "update miosa_auth.outbox set queued_at = now() - interval '1 hour' where purpose = 'none'",
    );
    await engine.query(
      "update miosa_auth.outbox set queued_at = now() - interval '90 seconds' where recipient = 'm2@example.com' and purpose <> 'none'",
    );
    expect(await outbox()).toEqual([
      "database=0,state=queued: 3",
      expect.stringMatching(/^database=0: 9\d$|^database=0: 1\d\d$/),
    ]);
    await suspendProject(admin, other.id);
    await engine.query(
      "update miosa_auth.outbox set state = 'parked', settled_at = now() where recipient = 'm2@example.com' and purpose <> 'none'",
    );
    expect(await outbox()).toContain("database=0,state=parked: 1");
    expect(await outbox()).toContain("database=0,state=queued: 1");
  });
});
