import { beforeAll, describe, expect, it } from "vitest";
import type { Settings } from "../../src/projects/settings.ts";
import { mailed, mailingProject } from "../support/mailed.ts";
import { forgetMailTimes, queuedMail } from "../support/outbox.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type TestProject,
} from "../support/project.ts";

const asks = [
  ["/reset", {}],
  ["/recover", {}],
  ["/magiclink", { create_user: false }],
  ["/otp", { create_user: false }],
  ["/resend", { type: "signup" }],
] as const;

function expectLimited(reply: Reply<unknown>, code: string, most: number): void {
  expect(reply).toMatchObject({ status: 429, body: { error_code: code } });
  const wait = Number(reply.headers.get("Retry-After"));
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(most);
}

async function later(project: TestProject, interval: string): Promise<void> {
  await project.sql("update mail_budgets set day_started_at = day_started_at - $1::interval", [
    interval,
  ]);
}

describe("mail to one address", () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await createTestProject();
  });

  it("is one a minute, by whichever way it is asked for and whoever has the address (case 181)", async () => {
    const known = freshEmail();
    await project.signUp({ email: known });
    await forgetMailTimes(project);
    for (const email of [known, freshEmail()]) {
      for (const [path, body] of asks) {
        expect((await project.post(path, { email, ...body })).status).toBe(200);
        for (const [other, more] of asks) {
          const reply = await project.post(other, { email, ...more });
          expectLimited(reply, "over_email_send_rate_limit", 60);
        }
        await forgetMailTimes(project);
      }
    }
  });

  it("is ten at once, for known and unknown alike, one more each tenth of a day, and ten the next day", async () => {
    const known = freshEmail();
    await project.signUp({ email: known });
    await project.sql("delete from mail_budgets");
    for (const email of [known, freshEmail()]) {
      for (let n = 1; n <= 10; n += 1) {
        expect((await project.post("/reset", { email })).status).toBe(200);
        await forgetMailTimes(project);
      }
      const reply = await project.post("/magiclink", { email });
      expectLimited(reply, "over_email_send_rate_limit", 8_640);
      expect(Number(reply.headers.get("Retry-After"))).toBeGreaterThan(3_600);
      await later(project, "2.5 hours");
      expect((await project.post("/magiclink", { email })).status).toBe(200);
      await forgetMailTimes(project);
      expect((await project.post("/magiclink", { email })).status).toBe(429);
      await later(project, "1 day");
      for (let n = 1; n <= 10; n += 1) {
        expect((await project.post("/reset", { email })).status).toBe(200);
        await forgetMailTimes(project);
      }
      expect((await project.post("/reset", { email })).status).toBe(429);
    }
  });

  it("is counted in rows that do not stay for ever", async () => {
    await project.post("/reset", { email: freshEmail() });
    await project.sql("update mail_budgets set asked_at = asked_at - interval '3 days'");
    const asked = freshEmail();
    await project.post("/reset", { email: asked });
    expect(await project.sql("select count(*)::int as count from mail_budgets")).toEqual([
      { count: 1 },
    ]);
  });

  it("is limited where a signed-in user causes it, too", async () => {
    const { access_token: token } = await project.signUp();
    const soon = await project.request("/reauthenticate", { token });
    expectLimited(soon, "over_email_send_rate_limit", 60);
    const email = freshEmail();
    const change = () => project.request("/user", { method: "PATCH", token, body: { email } });
    expect((await change()).status).toBe(200);
    expectLimited(await change(), "over_email_send_rate_limit", 60);
    expect(await queuedMail(project, email)).toHaveLength(1);
  });

  it("does not hinder a sign-up, which only sends nothing then", async () => {
    const email = freshEmail();
    expect((await project.post("/reset", { email })).status).toBe(200);
    expect((await project.signUp({ email })).user.email).toBe(email);
    expect(await queuedMail(project, email)).toEqual([]);
  });
});

describe("mail that one client address asks for", () => {
  const limited = (settings: Partial<Settings>) => mailingProject(settings);

  it("is 30 in 5 minutes, over all ways to ask, addresses known and unknown (case 181)", async () => {
    const project = await limited({ mails_per_address: 30 });
    const known = await mailed(project, "signup");
    const options = { address: "192.0.2.7" };
    for (let n = 0; n < 30; n += 1) {
      const [path, body] = asks[n % asks.length] ?? asks[0];
      const email = n % 2 ? known.email : freshEmail();
      expect((await project.post(path, { email, ...body }, options)).status).toBe(200);
    }
    for (const [path, body] of asks) {
      for (const email of [known.email, freshEmail()]) {
        const reply = await project.post(path, { email, ...body }, options);
        expectLimited(reply, "over_request_rate_limit", 300);
      }
    }
    const { access_token: token } = known.session;
    expectLimited(
      await project.request("/reauthenticate", { token, ...options }),
      "over_request_rate_limit",
      300,
    );
    const body = { email: freshEmail() };
    expectLimited(
      await project.request("/user", { method: "PATCH", token, body, ...options }),
      "over_request_rate_limit",
      300,
    );
    const elsewhere = { address: "192.0.2.8" };
    expect((await project.post("/reset", { email: known.email }, elsewhere)).status).toBe(200);
  });

  it("can be set, and set off", async () => {
    const [two, off] = [
      await limited({ mails_per_address: 2 }),
      await limited({ mails_per_address: 0 }),
    ];
    const ask = async (of: TestProject) =>
      (await of.post("/reset", { email: freshEmail() }, { address: "2001:db8::1" })).status;
    expect([await ask(two), await ask(two), await ask(two)]).toEqual([200, 200, 429]);
    for (let n = 0; n < 40; n += 1) expect(await ask(off)).toBe(200);
  });

  it("costs an address that is limited nothing of its own budget", async () => {
    const project = await limited({ mails_per_address: 1, mails_per_recipient_per_day: 1 });
    const email = freshEmail();
    const options = { address: "192.0.2.9" };
    expect((await project.post("/reset", { email: freshEmail() }, options)).status).toBe(200);
    for (let n = 0; n < 3; n += 1) {
      expect((await project.post("/reset", { email }, options)).status).toBe(429);
    }
    expect((await project.post("/reset", { email })).status).toBe(200);
  });
});

describe("a project", () => {
  it("writes to so many addresses in an hour, and then to none, known or not", async () => {
    const project = await mailingProject({ mail_recipients_per_hour: 3 });
    const known = await mailed(project, "signup");
    for (let n = 0; n < 2; n += 1) {
      expect((await project.post("/reset", { email: freshEmail() })).status).toBe(200);
    }
    for (const email of [known.email, freshEmail()]) {
      expectLimited(await project.post("/reset", { email }), "over_email_send_rate_limit", 300);
    }
    const unseen = await project.post("/signup", { email: freshEmail(), password: goodPassword });
    expect(unseen.status).toBe(200);
    await forgetMailTimes(project);
    expect((await project.post("/reset", { email: known.email })).status).toBe(200);
  });

  it("is not limited by what another one sends", async () => {
    const [full, free] = [
      await mailingProject({ mail_recipients_per_hour: 1 }),
      await mailingProject({ mail_recipients_per_hour: 1 }),
    ];
    const email = freshEmail();
    expect((await full.post("/reset", { email })).status).toBe(200);
    expect((await full.post("/reset", { email: freshEmail() })).status).toBe(429);
    expect((await free.post("/reset", { email })).status).toBe(200);
  });
});
