import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  liftSuppression,
  listSuppressions,
  suppressAddress,
} from "../../src/outbox/suppressions.ts";
import { contentsOf } from "../support/contents.ts";
import { type CountingService, openCountingService } from "../support/counting.ts";
import { deliverFrom, emptyOutbox, queueMails, statesOf } from "../support/delivery.ts";
import { type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import {
  askFor,
  type Mailed,
  mailed,
  mailingProject,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
} from "../support/mailed.ts";
import {
  appUrl,
  createProviderProject,
  oidcRow,
  openBrowser,
  openProviderService,
  verified,
} from "../support/oauth.ts";
import { newestMail } from "../support/outbox.ts";
import { createTestProject, freshEmail, type TestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";
import { startSmtp, type TestSmtp } from "../support/smtp.ts";

let service: TestService;
let smtp: TestSmtp;
let project: TestProject;

beforeAll(async () => {
  service = await openService();
  smtp = await startSmtp();
});
beforeEach(async () => {
  await emptyOutbox(service);
  smtp.mode = "accept";
  (smtp.mails as unknown[]).length = 0;
  project = await createTestProject();
});
afterAll(() => smtp.close());

const suppressed = (of = project) => listSuppressions(service.admin, of.id);
const recipients = () => smtp.mails.flatMap(({ to }) => to);

/** Sends what waits; what was logged. */
async function drain(): Promise<string> {
  const delivery = deliverFrom(service, smtp.url);
  await delivery.drain();
  await delivery.stop();
  return delivery.log.join("");
}

async function bounce(of = project): Promise<void> {
  smtp.mode = "5xx";
  await queueMails(of, 1);
  await drain();
  smtp.mode = "accept";
}

describe("the list of suppressed addresses", () => {
  it("takes an address whose server says that it does not exist, for 30 days (case 184)", async () => {
    await bounce();
    const [entry] = await suppressed();
    expect(entry).toMatchObject({ address: "m1@example.com", reason: "bounce" });
    const life = Date.parse(entry?.expires_at ?? "") - Date.parse(entry?.suppressed_at ?? "");
    expect(life).toBe(30 * 24 * 60 * 60 * 1_000);
    await queueMails(project, 2);
    const log = await drain();
    expect(recipients()).toEqual(["m2@example.com"]);
    expect(log).toContain("its address is suppressed");
    expect(log).not.toContain("m1@example.com");
    expect(await statesOf(project)).toEqual({ parked: 1, sent: 2 });
  });

  it.each(["4xx", "5xx after DATA"] as const)(
    "does not take an address for a %s (case 184)",
    async (mode) => {
      smtp.mode = mode;
      await queueMails(project, 1);
      await drain();
      expect(await suppressed()).toEqual([]);
    },
  );

  it("is of one project alone (case 184)", async () => {
    const other = await createTestProject();
    await bounce();
    await suppressAddress(service.admin, project.id, "m2@example.com", "complaint");
    await queueMails(project, 2);
    await queueMails(other, 2);
    await drain();
    expect(recipients().sort()).toEqual(["m1@example.com", "m2@example.com"]);
    expect(await suppressed(other)).toEqual([]);
    expect(await liftSuppression(service.admin, other.id, "m2@example.com")).toBe(0);
    expect(await suppressed()).toHaveLength(2);
  });

  it("forgets a bounce when its time is over, and a complaint never (case 184)", async () => {
    await bounce();
    await suppressAddress(service.admin, project.id, "m2@example.com", "complaint");
    await service.engine.query(
      `update miosa_auth.suppressed_addresses set
         suppressed_at = suppressed_at - interval '40 days', expires_at = expires_at - interval '40 days'
       where project_id = $1`,
      [project.id],
    );
    expect(await suppressed()).toMatchObject([{ address: "m2@example.com", expires_at: null }]);
    await queueMails(project, 2);
    await drain();
    expect(recipients()).toEqual(["m1@example.com"]);
    await service.engine.query("select miosa_auth.prune_mail(100)");
    const left = await service.engine.query(
      "select address from miosa_auth.suppressed_addresses where project_id = $1",
      [project.id],
    );
    expect(left).toEqual([{ address: "m2@example.com" }]);
  });

  it("keeps an operator's word when the address bounces later, too", async () => {
    await queueMails(project, 1);
    const [lease] = await service.engine.query<{ id: string; lease: string }>(
      `update miosa_auth.outbox set lease = gen_random_uuid(), attempts = 1
       where project_id = $1 returning id::text, lease::text`,
      [project.id],
    );
    await suppressAddress(service.admin, project.id, "M1@Example.com");
    await service.engine.query("select miosa_auth.bounce_mail($1::bigint, $2::uuid, 'smtp 550')", [
      lease?.id,
      lease?.lease,
    ]);
    expect(await suppressed()).toMatchObject([
      { address: "m1@example.com", reason: "manual", expires_at: null },
    ]);
  });

  it("is not written without the lease of a mail", async () => {
    await queueMails(project, 1);
    const [row] = await service.engine.query<{ state: string | null }>(
      `select miosa_auth.bounce_mail(id, gen_random_uuid(), 'smtp 550') as state
       from miosa_auth.outbox where project_id = $1`,
      [project.id],
    );
    expect(row).toEqual({ state: null });
    expect(await suppressed()).toEqual([]);
  });

  it("is lifted by the operator, for one address or for all that bounced", async () => {
    await bounce();
    await suppressAddress(service.admin, project.id, "m2@example.com", "bounce");
    await suppressAddress(service.admin, project.id, "m3@example.com", "manual");
    expect(await liftSuppression(service.admin, project.id, null)).toBe(2);
    expect(await suppressed()).toMatchObject([{ address: "m3@example.com" }]);
    expect(await liftSuppression(service.admin, project.id, "M3@example.com")).toBe(1);
    await queueMails(project, 3);
    await drain();
    expect(recipients()).toHaveLength(3);
  });

  it("has who entered or lifted an address in the project's audit log, and not the address (case 184)", async () => {
    const { admin } = service;
    const { user } = await project.signUp();
    await suppressAddress(admin, project.id, user.email, "complaint");
    await suppressAddress(admin, project.id, "m1@example.com", "bounce");
    await liftSuppression(admin, project.id, "m2@example.com");
    await liftSuppression(admin, project.id, user.email);
    await liftSuppression(admin, project.id, null);
    const events = await project.sql<{ detail: { by: string } }>(
      "select event, user_id, detail from audit_log where event like 'mail_suppress%' order by id",
    );
    const by = events[0]?.detail.by;
    expect(by).toMatch(/^\w+$/);
    expect(events).toEqual([
      { event: "mail_suppressed", user_id: user.id, detail: { reason: "complaint", by } },
      { event: "mail_suppressed", user_id: null, detail: { reason: "bounce", by } },
      { event: "mail_suppression_lifted", user_id: user.id, detail: { lifted: 1, by } },
      { event: "mail_suppression_lifted", user_id: null, detail: { lifted: 1, by } },
    ]);
  });

  it("has a bounce in the log as well, with the login of the server that noticed (case 184)", async () => {
    const { user } = await project.signUp({ email: "m1@example.com" });
    await emptyOutbox(service);
    smtp.mode = "5xx";
    await queueMails(project, 2);
    await drain();
    const events = await project.sql<{ detail: { by: string } }>(
      "select event, user_id, detail from audit_log where event like 'mail_suppress%' order by user_id",
    );
    const by = events[0]?.detail.by;
    expect(by).toMatch(/^\w+$/);
    const line = { event: "mail_suppressed", detail: { reason: "bounce", by } };
    expect(events).toEqual([
      { ...line, user_id: user.id },
      { ...line, user_id: null },
    ]);
    expect(await suppressed()).toHaveLength(2);
  });

  it("holds no address of which the log says nothing: the line is written first (case 184)", async () => {
    await project.sql("alter table audit_log rename to something_else");
    await bounce();
    expect(await suppressed()).toEqual([]);
    expect(await statesOf(project)).toEqual({ queued: 1 });
    await project.sql("alter table something_else rename to audit_log");
    await service.engine.query("update miosa_auth.outbox set due_at = now()");
    smtp.mode = "5xx";
    await drain();
    expect(await suppressed()).toHaveLength(1);
  });

  it("refuses what is no address and no project", async () => {
    const { admin } = service;
    await expect(suppressAddress(admin, project.id, "a@b@c")).rejects.toMatchObject({
      code: "validation_failed",
    });
    for (const ask of [
      () => suppressAddress(admin, "proj_nobody", "a@b.test"),
      () => liftSuppression(admin, "proj_nobody", "a@b.test"),
      () => liftSuppression(admin, "proj_nobody", null),
      () => listSuppressions(admin, "proj_nobody"),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: "project_not_found" });
    }
  });
});

describe("a suppressed address", () => {
  let counting: CountingService;
  beforeAll(async () => {
    counting = await openCountingService();
  });
  afterAll(() => counting.auth.close());

  /** What a request shows, which functions it calls, and how many rows its project has more by it. */
  async function cost(of: TestProject, path: string, body: object) {
    const count = async () => {
      const [row] = await of.sql<{ n: number }>(
        "select count(*)::int as n from miosa_auth.outbox where project_id = $1",
        [of.id],
      );
      return (row?.n ?? 0) + Object.values(await contentsOf(of)).flat().length;
    };
    const before = await count();
    const { value, calls } = await counting.measure(of, () =>
      of.post(path, body, { auth: counting.auth }),
    );
    return { status: value.status, body: value.body, calls, rows: (await count()) - before };
  }

  it.each(["/reset", "/magiclink", "/resend"])(
    "is answered by %s as any other, for the same work (case 184)",
    async (path) => {
      const of = await mailingProject();
      const emails = [freshEmail(), freshEmail(), freshEmail()] as const;
      for (const email of emails) {
        await of.signUp({ email });
        await askFor(of, "/reset", { email });
      }
      await suppressAddress(service.admin, of.id, emails[1], "complaint");
      const body = { type: "signup" };
      await cost(of, path, { ...body, email: emails[0] });
      const listed = await cost(of, path, { ...body, email: emails[1] });
      expect(listed.status).toBe(200);
      expect(await cost(of, path, { ...body, email: emails[2] })).toEqual(listed);
      await drain();
      expect(recipients()).not.toContain(emails[1]);
      expect(recipients()).toContain(emails[2]);
    },
  );

  it.each<
    [string, "signup" | "recovery" | "magiclink", (of: TestProject, mail: Mailed) => unknown]
  >([
    ["a link", "magiclink", redeemLink],
    ["a code", "signup", redeemCode],
    ["a link of a new password", "recovery", reset],
    ["a code of a new password", "recovery", resetByCode],
  ])(
    "gets mail again when %s that came is used, unless its owner complained (case 184)",
    async (_, type, use) => {
      const of = await mailingProject();
      const [bounced, complained, unused] = [
        await mailed(of, type),
        await mailed(of, type),
        await mailed(of, type),
      ];
      await suppressAddress(service.admin, of.id, bounced.email, "bounce");
      await suppressAddress(service.admin, of.id, complained.email, "complaint");
      await suppressAddress(service.admin, of.id, unused.email, "bounce");
      await suppressAddress(service.admin, project.id, bounced.email, "bounce");
      for (const mail of [bounced, complained])
        expect(await use(of, mail)).toMatchObject({ status: 200 });
      await redeemLink(of, { type, token: "A".repeat(43) });
      const left = (await suppressed(of)).map(({ address }) => address).sort();
      expect(left).toEqual([complained.email, unused.email].sort());
      expect(await suppressed()).toHaveLength(1);
    },
  );

  it("gets mail again when it becomes a user's by a mailed link, and the old one does not (case 184)", async () => {
    const of = await mailingProject();
    const [old, next] = [freshEmail(), freshEmail()];
    const { access_token: token } = await of.signUp({ email: old });
    await of.request("/user", { method: "PATCH", token, body: { email: next } });
    const mail = await newestMail(of, next);
    for (const email of [old, next]) await suppressAddress(service.admin, of.id, email, "bounce");
    expect(await redeemLink(of, { type: "email_change", token: mail.token })).toMatchObject({
      status: 200,
    });
    expect((await suppressed(of)).map(({ address }) => address)).toEqual([old]);
  });

  it("gets mail again when a provider proves it, unless its owner complained (case 184)", async () => {
    const idp: OidcProvider = await startOidcProvider();
    const auth = await openProviderService();
    const of = await createProviderProject([oidcRow(idp)]);
    const [bounced, complained, unproved] = [freshEmail(), freshEmail(), freshEmail()];
    await suppressAddress(service.admin, of.id, bounced, "bounce");
    await suppressAddress(service.admin, of.id, complained, "complaint");
    await suppressAddress(service.admin, of.id, unproved, "bounce");
    await suppressAddress(service.admin, project.id, bounced, "bounce");
    for (const email of [bounced, complained, unproved]) {
      idp.signedIn(verified(email, { email_verified: email !== unproved }));
      await openBrowser(of, auth).signIn({ provider: "oidc", redirect_to: appUrl });
    }
    const left = (await suppressed(of)).map(({ address }) => address).sort();
    expect(left).toEqual([complained, unproved].sort());
    expect(await suppressed()).toHaveLength(1);
    await auth.close();
    await idp.close();
  });
});
