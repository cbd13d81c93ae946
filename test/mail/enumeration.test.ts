import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../support/contents.ts";
import { type CountingService, openCountingService } from "../support/counting.ts";
import { mailed, mailingProject, redeemLink } from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { freshEmail, type Reply, type TestProject } from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";

let counting: CountingService;
let project: TestProject;
beforeAll(async () => {
  counting = await openCountingService();
  project = await mailingProject();
});
afterAll(() => counting.auth.close());

/** All that a client can see, but for the id of the request. */
function visible({ status, headers, body }: Reply): string {
  const names = [...headers].filter(([name]) => name !== "x-request-id");
  return JSON.stringify([status, names, body]);
}

/** Every row of the project's, those in the outbox among them. */
async function rows(): Promise<Set<string>> {
  const tables = await contentsOf(project);
  const outbox = await project.sql<{ row: string }>(
    "select to_jsonb(o)::text as row from miosa_auth.outbox o where project_id = $1",
    [project.id],
  );
  return new Set([...Object.values(tables).flat(), ...outbox.map(({ row }) => row)]);
}

// Those of the project, which is cached for some seconds.
const lookUps = new Set(["find_project", "configuration"]);

/** What a request shows, which functions it calls, and how many rows it writes. */
async function cost(path: string, body: object) {
  const before = await rows();
  const { auth } = counting;
  const { value, calls, hashes } = await counting.measure(project, () =>
    project.post(path, body, { auth }),
  );
  const after = await rows();
  return {
    seen: visible(value),
    calls: calls.filter((name) => !lookUps.has(name)),
    hashes,
    written: [...after].filter((row) => !before.has(row)).length,
  };
}

/** Users of every kind, none with a mail under way. */
async function everybody(): Promise<Record<string, string>> {
  const people: Record<string, string> = {};
  for (const kind of ["confirmed", "unconfirmed", "banned", "passwordless", "moving"]) {
    people[kind] = (await mailed(project, "signup")).email;
  }
  await project.sql(
    `update users set
       email_confirmed_at = case when email <> $1 then now() end,
       banned_until = case when email = $2 then now() + interval '1 day' end,
       password_hash = case when email <> $3 then password_hash end,
       new_email = case when email = $4 then 'moved-' || email end,
       email_change_sent_at = case when email = $4 then now() end
     where email = any ($5)`,
    [people.unconfirmed, people.banned, people.passwordless, people.moving, Object.values(people)],
  );
  await project.sql("delete from one_time_tokens");
  await project.sql("delete from miosa_auth.outbox where project_id = $1", [project.id]);
  return people;
}

describe("asking for a mail", () => {
  it.each([
    ["/reset", {}],
    ["/recover", {}],
    ["/magiclink", { create_user: false }],
    ["/otp", { create_user: false }],
    ["/resend", { type: "signup" }],
    ["/resend", { type: "email_change" }],
  ])(
    "shows the same and costs the same for every account and for none: %s %j (case 10)",
    async (path, body) => {
      // The first request of an address makes its budget's row, the second changes it.
      const unknown = freshEmail();
      const first = await cost(path, { email: unknown, ...body });
      expect(first).toMatchObject({ hashes: [], written: 4 });
      expect(first.seen).toMatch(/^\[200,.*\{\}\]$/);
      expect(first.calls).toHaveLength(1);
      for (const email of Object.values(await everybody())) {
        expect(await cost(path, { email, ...body })).toEqual(first);
      }
      expect(await cost(path, { email: unknown, ...body })).toEqual(first);
    },
  );

  it("costs the same where an older mail of the kind is replaced", async () => {
    const people = await everybody();
    const [email, unknown] = [people.confirmed, freshEmail()];
    for (const path of ["/reset", "/magiclink"]) {
      const body = { create_user: false };
      const replies = [];
      for (const asked of [email, unknown, email, unknown]) {
        replies.push(await cost(path, { email: asked, ...body }));
      }
      for (const reply of replies) expect(reply).toEqual(replies[0]);
    }
  });

  it("tells nothing of whether a user was made, and makes none while sign-up is off", async () => {
    const closed = await mailingProject({ signup_enabled: false });
    const [open, shut] = [freshEmail(), freshEmail()];
    const made = visible(await project.post("/magiclink", { email: open }));
    const none = visible(await closed.post("/magiclink", { email: shut }));
    const known = visible(await project.post("/magiclink", { email: open }));
    expect(new Set([made, none, known]).size).toBe(1);
    expect(await project.sql("select from users where email = $1", [open])).toHaveLength(1);
    expect(await closed.sql("select from users")).toEqual([]);
  });

  it("is refused for what is wrong with the request alike, whoever has the address", async () => {
    const { email } = await mailed(project, "signup");
    for (const path of ["/reset", "/recover", "/magiclink", "/otp", "/resend"]) {
      const type = "signup";
      for (const wrong of [
        { redirect_to: 5 },
        { code_challenge: "x" },
        { code_challenge: "x".repeat(43), code_challenge_method: "plain" },
      ]) {
        const known = await project.post(path, { email, type, ...wrong });
        expect(known.status).toBe(400);
        const unknown = await project.post(path, { email: freshEmail(), type, ...wrong });
        expect(visible(unknown)).toBe(visible(known));
      }
    }
  });
});

describe("metadata over its size, where it would become a new user's", () => {
  it("is refused for known addresses, too, and nothing is written (cases 10 and 23)", async () => {
    const { confirmed, passwordless } = await everybody();
    const data = { text: "x".repeat(2_100) };
    for (const create_user of [true, false]) {
      const unknown = await cost("/magiclink", { email: freshEmail(), data, create_user });
      expect(unknown).toMatchObject({ seen: expect.stringMatching(/^\[400,/), written: 0 });
      for (const email of [confirmed, passwordless]) {
        expect(await cost("/magiclink", { email, data, create_user })).toEqual(unknown);
      }
    }
  });
});

describe("an address in a request for mail", () => {
  it("has the mail go to the address that is stored, however it was typed (cases 17 and 18)", async () => {
    const typed = ["Mike.Porter@Example.ORG", "mike.porter@EXAMPLE.org"];
    await project.signUp({ email: "mike.porter@example.org" });
    for (const path of ["/reset", "/magiclink"]) {
      for (const email of typed) {
        expect((await project.post(path, { email, create_user: false })).status).toBe(200);
      }
    }
    const others = [
      "m\u0131ke.porter@example.org",
      "M\u0130KE.porter@example.org",
      "mi\u212ae.porter@example.org",
      "mike.porter+x@example.org",
      "mike.porter@example.org.",
      "mike\u200b.porter@example.org",
      "\uff4dike.porter@example.org",
    ];
    for (const email of others) {
      for (const path of ["/reset", "/magiclink", "/resend"]) {
        const body = { email, type: "signup", create_user: false };
        expect([200, 400]).toContain((await project.post(path, body)).status);
      }
    }
    const recipients = await project.sql(
      `select distinct recipient from miosa_auth.outbox
       where project_id = $1 and purpose <> 'none' and recipient like '%porter%'`,
      [project.id],
    );
    expect(recipients).toEqual([{ recipient: "mike.porter@example.org" }]);
  });

  it("that could reach the mailer as something else is refused at the door (case 21)", async () => {
    const hostile = [
      "a@x.com,b@y.com",
      "a@x.com\r\nBcc: b@y.com",
      '"a@evil.com x"@good.com',
      "a@x.com <b@y.com>",
      "a:b:c:d@x.com;",
      `${"a".repeat(10_000)}@x.com`,
      "a@x.com\u0000",
      " ",
    ];
    const { access_token: token } = await project.signUp();
    const service = serviceToken(project);
    const before = await project.sql("select count(*) from miosa_auth.outbox");
    for (const email of hostile) {
      for (const path of ["/reset", "/recover", "/magiclink", "/otp", "/resend", "/signup"]) {
        const body = { email, type: "signup", password: "a perfectly fine phrase" };
        expect((await project.post(path, body)).status).toBe(400);
      }
      const verify = { type: "email", email, token: "123456" };
      expect((await project.post("/verify", verify)).status).toBe(400);
      expect((await project.post("/invite", { email }, { token: service })).status).toBe(400);
      for (const method of ["PATCH", "PUT"]) {
        const wish = await project.request("/user", { method, token, body: { email } });
        expect(wish).toMatchObject({ status: 400, body: { error_code: "validation_failed" } });
      }
    }
    expect(await project.sql("select count(*) from miosa_auth.outbox")).toEqual(before);
  });
});

describe("the site in a mail", () => {
  const site = "https://shop.example";
  const poison = {
    Host: "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    Forwarded: "host=evil.example",
    Origin: "https://evil.example",
    Referer: "https://evil.example/",
    redirect_to: "https://evil.example/",
  };
  let shop: TestProject;
  beforeAll(async () => {
    shop = await mailingProject({
      site_url: site,
      redirect_urls: ["https://app.shop.example/callback"],
    });
  });

  async function redirectOf(body: object, options: object = {}, query = "") {
    const email = freshEmail();
    await shop.signUp({ email });
    const asked = await shop.post(`/reset${query}`, { email, ...body }, options);
    expect(asked).toMatchObject({ status: 200, body: {} });
    const mail = await newestMail(shop, email);
    expect(JSON.stringify(mail)).not.toContain("evil");
    return { ...mail, email };
  }

  it("is the project's own, whatever the request's headers say (case 70)", async () => {
    const mail = await redirectOf({}, { headers: poison });
    expect(mail.redirectTo).toBe(site);
    expect((await redeemLink(shop, { ...mail, type: "recovery" })).status).toBe(200);
  });

  it("is where the project lets links lead, from body or query, and else its site (case 71)", async () => {
    const page = "https://app.shop.example/callback";
    expect((await redirectOf({ redirect_to: page })).redirectTo).toBe(page);
    const query = `?redirect_to=${encodeURIComponent(page)}`;
    expect((await redirectOf({}, {}, query)).redirectTo).toBe(page);
    for (const target of [
      "https://shop.example.evil.com/",
      "https://shop.example@evil.com/",
      "//evil.com",
      "/\\evil.com",
      "https:evil.com",
      "javascript:alert('evil')",
      "data:text/html,evil",
      "https://shop.example%2f@evil.com",
      "http://shop.example/evil",
      "https://app.shop.example/callback\r\nX-Evil: evil",
      "someone@evil.com",
    ]) {
      expect((await redirectOf({ redirect_to: target })).redirectTo).toBe(site);
    }
  });
});
