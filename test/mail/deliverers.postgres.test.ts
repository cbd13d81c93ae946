import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectPostgres } from "../../src/database/postgres.ts";
import {
  deliverFrom,
  emptyOutbox,
  queuedRows,
  queueMails,
  statesOf,
  type TestDelivery,
} from "../support/delivery.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";
import { header, startSmtp, type TestSmtp } from "../support/smtp.ts";
import { startProxy } from "../support/tcp_proxy.ts";

let service: TestService;
let smtp: TestSmtp;
let project: TestProject;

beforeAll(async () => {
  service = await openService();
  smtp = await startSmtp();
});
beforeEach(async () => {
  await emptyOutbox(service);
  (smtp.mails as unknown[]).length = 0;
  project = await createTestProject();
});
afterAll(() => smtp.close());

/** Deliverers with connections of their own, as processes have. */
function processes(count: number, options: Parameters<typeof deliverFrom>[2] = {}) {
  const { engine, runtimeRole } = service;
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  const databases = Array.from({ length: count }, () =>
    connectPostgres({ url: engine.url(runtimeRole) }),
  );
  const deliveries = databases.map((database) =>
    deliverFrom(service, smtp.url, { databases: [database], pollInterval: 50, ...options }),
  );
  return {
    deliveries,
    async stop() {
      await Promise.all(deliveries.map((delivery) => delivery.stop()));
      await Promise.all(databases.map((database) => database.close()));
    },
  };
}

async function untilSent(count: number): Promise<void> {
  while ((await statesOf(project)).sent !== count) await sleep(50);
}

function sentIds(): string[] {
  return smtp.mails.map(({ raw }) => header(raw, "Message-ID") ?? "");
}

describe("several servers on one database (case 178)", { timeout: 120_000 }, () => {
  it("send each of 1,000 mails once, and share the work", async () => {
    await queueMails(project, 1_000);
    const { deliveries, stop } = processes(3);
    await untilSent(1_000);
    await stop();
    expect(sentIds()).toHaveLength(1_000);
    expect(new Set(sentIds()).size).toBe(1_000);
    expect(new Set(smtp.mails.flatMap(({ to }) => to)).size).toBe(1_000);
    const shares = deliveries.map(
      ({ log }) => log.filter((line) => line.includes("mail sent")).length,
    );
    expect(shares.every((share) => share > 0)).toBe(true);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(1_000);
  });

  it("lose none of 1,000 mails and send none twice while the mail server is down and comes back (case 177)", async () => {
    await queueMails(project, 1_000);
    await smtp.halt();
    const { stop } = processes(2);
    while ((await queuedRows(project)).every(({ failure }) => failure === null)) await sleep(50);
    expect(smtp.mails).toHaveLength(0);
    await smtp.resume();
    // Those that had an attempt each wait their seconds; the time to do so is not this test's.
    const timer = setInterval(() => {
      void service.engine.query(
        "update miosa_auth.outbox set due_at = now() where state = 'queued' and lease is null",
      );
    }, 500);
    await untilSent(1_000);
    clearInterval(timer);
    await stop();
    expect(sentIds()).toHaveLength(1_000);
    expect(new Set(sentIds()).size).toBe(1_000);
    expect(await statesOf(project)).toEqual({ sent: 1_000 });
  });
});

describe("mail of a transaction that is still open", () => {
  it("does not leave before it commits, and then leaves (case 180)", async () => {
    const { engine } = service;
    if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
    const client = await engine.connect("postgres");
    await client.query("begin");
    await client.query(
      `insert into miosa_auth.outbox (project_id, owner_role, purpose, recipient, payload)
       select id, owner_role, 'password_changed', 'later@example.com', ''
       from miosa_auth.projects where id = $1`,
      [project.id],
    );
    const delivery = deliverFrom(service, smtp.url);
    await delivery.drain();
    expect(smtp.mails).toEqual([]);
    await client.query("commit");
    await client.end();
    await delivery.drain();
    await delivery.stop();
    expect(smtp.mails.flatMap(({ to }) => to)).toEqual(["later@example.com"]);
  });
});

describe("delivery whose database goes away", { timeout: 60_000 }, () => {
  it("says so once, and sends none twice when it is back", async () => {
    const { engine, runtimeRole } = service;
    if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
    const proxy = await startProxy(engine.server.port);
    const database = connectPostgres({ url: proxy.through(engine.url(runtimeRole)) });
    await queueMails(project, 200);
    const delivery: TestDelivery = deliverFrom(service, smtp.url, {
      databases: [database],
      pollInterval: 20,
    });
    while (smtp.mails.length < 20) await sleep(5);
    proxy.refuse();
    const lines = () => delivery.log.filter((line) => line.includes("the outbox cannot be read"));
    while (lines().length === 0) await sleep(10);
    await sleep(300);
    expect(lines()).toHaveLength(1);
    proxy.allow();
    const timer = setInterval(() => {
      // A lease that was given in an answer which got lost lasts a minute and a half. Those under way
      // take milliseconds, so one of five seconds is such a one.
      void engine.query(
        `update miosa_auth.outbox set due_at = now()
         where state = 'queued' and lease is not null and due_at < now() + interval '85 seconds'`,
      );
    }, 1_000);
    await untilSent(200);
    clearInterval(timer);
    await delivery.stop();
    await database.close();
    await proxy.close();
    expect(new Set(sentIds()).size).toBe(200);
    expect(sentIds()).toHaveLength(200);
    expect(delivery.log.join("")).toContain("the outbox can be read again");
  });
});
