import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OutboxFunctions, outboxFunctions } from "../../src/database/outbox_functions.ts";
import { countMail, listMail, retryMail } from "../../src/outbox/queue.ts";
import { emptyOutbox, queuedRows, queueMails, statesOf } from "../support/delivery.ts";
import { createTestProject, inTransaction, type TestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";

let service: TestService;
let outbox: OutboxFunctions;
let one: TestProject;
let two: TestProject;

beforeAll(async () => {
  service = await openService();
  outbox = outboxFunctions(service.runtime);
  one = await createTestProject();
  two = await createTestProject();
});
beforeEach(() => emptyOutbox(service));

const set = (project: TestProject, text: string) =>
  service.engine.query(`update miosa_auth.outbox set ${text} where project_id = $1`, [project.id]);

describe("claiming", () => {
  it("lets projects take turns, however much one of them has", async () => {
    await queueMails(one, 300);
    await queueMails(two, 2);
    const claimed = await outbox.claim(10, 90);
    const projects = claimed.map(({ project_id }) => project_id);
    expect(projects.filter((id) => id === two.id)).toHaveLength(2);
    expect(projects.filter((id) => id === one.id)).toHaveLength(8);
  });

  it("lets a project that has much under way wait for the others", async () => {
    await queueMails(one, 12);
    await queueMails(two, 1);
    await set(one, "due_at = due_at - interval '1 minute'");
    const claimed = [];
    for (const _ of [1, 2, 3]) claimed.push(...(await outbox.claim(1, 90)));
    expect(claimed.map(({ project_id }) => project_id)).toEqual([one.id, two.id, one.id]);
  });

  it("gives a row to nobody else until its lease is over, and then with another lease", async () => {
    await queueMails(one, 1);
    const [first] = await outbox.claim(10, 90);
    expect(await outbox.claim(10, 90)).toEqual([]);
    await set(one, "due_at = now()");
    const [second] = await outbox.claim(10, 90);
    expect([first?.attempts, second?.attempts]).toEqual([1, 2]);
    if (!first || !second) throw new Error("nothing was claimed");
    expect(second.lease).not.toBe(first.lease);

    expect(await outbox.settle(first)).toBe(false);
    expect(await outbox.postpone(first, "timeout", true)).toBe(null);
    expect(await outbox.release(first)).toBe(false);
    expect(await outbox.defer(first, "no transport", 5)).toBe(false);
    expect(await statesOf(one)).toEqual({ queued: 1 });
    expect(await outbox.settle(second)).toBe(true);
    expect(await outbox.settle(second)).toBe(false);
  });

  it("reads the first due rows of each project by index, of 10,000 and of one", async () => {
    await queueMails(one, 10_000);
    await queueMails(two, 1);
    await service.engine.query("analyze miosa_auth.outbox");
    const [body] = await service.engine.query<{ prosrc: string }>(
      "select prosrc from pg_proc where oid = 'miosa_auth.claim_mail(integer, integer)'::regprocedure",
    );
    const statement = body?.prosrc.replaceAll("p_limit", "5").replaceAll("p_lease_seconds", "90");
    const plan = await inTransaction(service, async (query) => {
      await query("set local search_path = miosa_auth, pg_temp");
      const rows = await query<{ "QUERY PLAN": string }>(
        `explain (analyze, costs off, timing off, summary off) ${statement}`,
      );
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    });
    expect(plan).not.toMatch(/Seq Scan on outbox/);
    // Which projects have mail is as soon read from the one that finds the oldest.
    expect(plan.match(/outbox_(due|oldest)_idx/g)?.length).toBeGreaterThanOrEqual(3);
    expect(plan).toMatch(/outbox_due_idx/);
    // Nothing but the rows that are taken, and as many again, is looked at.
    const scans = plan.split("\n").filter((line) => line.includes("on outbox"));
    const most = Math.max(...scans.map((line) => Number(/rows=(\d+)/.exec(line)?.[1])));
    expect(most).toBeLessThanOrEqual(10);
    const claimed = (await queuedRows(two)).filter(({ attempts }) => attempts === 1);
    expect(claimed).toHaveLength(1);
  });
});

describe("what a scrape of metrics asks", () => {
  it("costs no more when more waits: it counts to 10,000, and finds the oldest by index", async () => {
    await queueMails(one, 10_050);
    await queueMails(two, 1);
    await service.engine.query(
      `update miosa_auth.outbox set queued_at = now() - interval '1 hour'
       where id in (select max(id) from miosa_auth.outbox group by project_id)`,
    );
    await service.engine.query("analyze miosa_auth.outbox");
    const state = await outbox.state();
    expect(state).toMatchObject({ queued: 10_000, parked: 0 });
    expect(Math.floor(state.oldest_queued_seconds / 60)).toBe(60);

    const [body] = await service.engine.query<{ prosrc: string }>(
      "select prosrc from pg_proc where oid = 'miosa_auth.outbox_state()'::regprocedure",
    );
    const plan = await inTransaction(service, async (query) => {
      await query("set local search_path = miosa_auth, pg_temp");
      const rows = await query<{ "QUERY PLAN": string }>(
        `explain (analyze, costs off, timing off, summary off) ${body?.prosrc}`,
      );
      return rows.map((row) => row["QUERY PLAN"]);
    });
    const read = plan
      .filter((line) => / on outbox /.test(line))
      .map((line) => {
        const [, rows, loops] = /rows=([\d.]+) loops=(\d+)/.exec(line) ?? [];
        return Number(rows) * Number(loops);
      });
    // Those that are counted, and one or two a project for each of the rest.
    expect(read.length).toBeGreaterThan(3);
    expect(read.filter((rows) => rows > 10)).toEqual([10_000]);
    expect(plan.join("\n")).toMatch(/outbox_oldest_idx/);

    await set(one, "state = 'parked', settled_at = now()");
    expect(await outbox.state()).toMatchObject({ queued: 1, parked: 10_000 });
  });
});

describe("what is over", () => {
  it("goes in small batches: rows for nobody, sent mail after a week, parked after a month", async () => {
    await queueMails(one, 7, { purpose: "none" });
    await set(one, "queued_at = now() - interval '61 seconds'");
    expect([await outbox.prune(5), await outbox.prune(5), await outbox.prune(5)]).toEqual([
      5, 2, 0,
    ]);

    await queueMails(one, 1);
    await set(
      one,
      "state = 'sent', payload = '', data = '{}', settled_at = now() - interval '6 days'",
    );
    expect(await outbox.prune(5)).toBe(0);
    await set(one, "settled_at = now() - interval '8 days'");
    expect(await outbox.prune(5)).toBe(1);

    await queueMails(one, 1, { payload: "00" });
    await set(one, "state = 'parked', settled_at = now() - interval '8 days'");
    expect(await outbox.prune(5)).toBe(1);
    expect(await queuedRows(one)).toEqual([
      expect.objectContaining({ state: "parked", isErased: true }),
    ]);
    expect(await outbox.prune(5)).toBe(0);
    await set(one, "settled_at = now() - interval '31 days'");
    expect(await outbox.prune(5)).toBe(1);
    expect(await queuedRows(one)).toEqual([]);
  });

  it("is never mail that waits", async () => {
    await queueMails(one, 3);
    await set(one, "queued_at = now() - interval '60 days'");
    expect(await outbox.prune(100)).toBe(0);
    expect(await statesOf(one)).toEqual({ queued: 3 });
  });
});

describe("an administrator", () => {
  it("sees mail by state and project, and never what it says", async () => {
    await queueMails(one, 2, { payload: "c0ffee" });
    await queueMails(two, 1);
    await set(two, "state = 'parked', failure = 'smtp 550', settled_at = now()");
    await queueMails(two, 4, { purpose: "none" });
    const all = await listMail(service.admin);
    expect(all).toHaveLength(3);
    expect(JSON.stringify(all)).not.toMatch(/c0ffee|payload|data/);
    expect(await listMail(service.admin, { state: "parked" })).toEqual([
      expect.objectContaining({ project: two.id, failure: "smtp 550", due_at: null }),
    ]);
    const counts = await countMail(service.admin);
    expect(counts.find(({ project }) => project === one.id)).toMatchObject({
      queued: 2,
      parked: 0,
    });
    expect(counts.find(({ project }) => project === two.id)).toMatchObject({
      queued: 0,
      parked: 1,
      failure: "smtp 550",
    });
  });

  it("queues parked mail again, unless what it said is gone", async () => {
    await queueMails(one, 2);
    await set(one, "state = 'parked', attempts = 100, failure = 'timeout', settled_at = now()");
    await service.engine.query(
      `update miosa_auth.outbox set settled_at = now() - interval '25 hours'
       where project_id = $1 and recipient = 'm2@example.com'`,
      [one.id],
    );
    const ids = (await queuedRows(one)).map(({ id }) => id);
    expect(await retryMail(service.admin, ids)).toBe(1);
    expect(await queuedRows(one)).toEqual([
      expect.objectContaining({ state: "queued", attempts: 0, failure: null }),
      expect.objectContaining({ state: "parked" }),
    ]);
    await expect(retryMail(service.admin, ["1; drop"])).rejects.toMatchObject({
      code: "validation_failed",
    });
  });
});
