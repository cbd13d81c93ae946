import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { exchangeCode, newVerifier, redirectedCode } from "../support/authorization_codes.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { countingDeadlocks } from "../support/locks.ts";
import {
  isLive,
  mailed,
  mailingProject,
  newPassword,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
  signsIn,
} from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import {
  freshEmail,
  goodPassword,
  type Reply,
  type RequestOptions,
  type TestProject,
} from "../support/project.ts";
import { hasher, hashingQuickly } from "../support/quick_hashes.ts";
import { serviceToken } from "../support/service_token.ts";

let project: TestProject;
let instances: Instance[];
beforeAll(async () => {
  project = hashingQuickly(
    await mailingProject({
      site_url: "https://shop.example/",
      email_change_confirmation: "new",
    }),
  );
  const open = () => openInstance(project.service, {}, { hasher });
  instances = [open(), open()];
});
afterAll(() => Promise.all(instances.map((instance) => instance.close())));

/** Does the same `times` times at once, by two processes in turn. */
function together<T>(times: number, act: (options: RequestOptions, n: number) => Promise<T>) {
  return Promise.all(
    Array.from({ length: times }, (_, n) => act({ ...instances[n % instances.length] }, n)),
  );
}

function countOf(replies: Reply<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of replies) {
    const code = (body as { error_code?: string }).error_code;
    const key = code ? `${status} ${code}` : String(status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

async function proved(by = project) {
  const mail = await mailed(by, "signup");
  return { email: mail.email, session: (await redeemLink(by, mail)).body };
}

async function liveSessions(email: string): Promise<number> {
  const rows = await project.sql(
    `select from sessions s join users u on u.id = s.user_id
     where u.email = $1 and s.revoked_at is null`,
    [email],
  );
  return rows.length;
}

describe("20 redemptions at once (case 60)", () => {
  const kinds = [
    ["a confirmation's link", "signup", redeemLink],
    ["a confirmation's code", "signup", redeemCode],
    ["a magic link", "magiclink", redeemLink],
    ["a magic link's code", "magiclink", redeemCode],
    ["a recovery's link", "recovery", reset],
    ["a recovery's code", "recovery", resetByCode],
  ] as const;

  it.each(kinds)("of %s give one session", async (_, type, redeem) => {
    for (let round = 0; round < 3; round += 1) {
      const mail = await mailed(project, type);
      const replies = await together(20, (options) => redeem(project, mail, options));
      expect(countOf(replies)).toEqual({ 200: 1, "403 otp_expired": 19 });
      // The sign-up's own session lives on only where its own mail proved the address.
      expect(await liveSessions(mail.email)).toBe(type === "signup" ? 2 : 1);
      const won = replies.find(({ status }) => status === 200)?.body as SessionReply;
      expect(await isLive(project, won)).toBe(true);
      const told = (await queuedMail(project, mail.email)).map(({ purpose }) => purpose);
      expect(told).toEqual(type === "recovery" ? ["password_changed"] : []);
    }
  });

  it("of one mail, by link and by code, give one session", async () => {
    const mail = await mailed(project, "recovery");
    const ways = [redeemLink, redeemCode, reset, resetByCode];
    const replies = await together(20, (options, n) =>
      (ways[Math.floor(n / 2) % ways.length] ?? reset)(project, mail, options),
    );
    expect(countOf(replies)).toEqual({ 200: 1, "403 otp_expired": 19 });
  });
});

describe("an authorization code that 10 exchange at once (case 82)", () => {
  it("gives one session, which the others end", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { verifier, challenge } = newVerifier();
      const pkce = { code_challenge: challenge, code_challenge_method: "s256" };
      const link = await mailed(project, "magiclink", pkce);
      const code = await redirectedCode(project, link);
      const replies = await together(10, (options) =>
        exchangeCode(project, code, verifier, options),
      );
      expect(countOf(replies)).toEqual({ 200: 1, "404 flow_state_not_found": 9 });
      const won = replies.find(({ status }) => status === 200)?.body as SessionReply;
      expect(await isLive(project, won)).toBe(false);
      expect(await liveSessions(link.email)).toBe(0);
    }
  });
});

describe("changes of address at once (case 69)", () => {
  const change = ({ access_token: token }: SessionReply, email: string, options?: RequestOptions) =>
    project.request("/user", { method: "PATCH", token, body: { email }, ...options });
  const linkTo = async (email: string) => ({
    ...(await newestMail(project, email)),
    type: "email_change",
  });

  it("of one user never prove an address by the proof of another", async () => {
    for (let round = 0; round < 15; round += 1) {
      const { email, session } = await proved();
      const [first, second] = [freshEmail(), freshEmail()];
      await change(session, first);
      const link = await linkTo(first);
      const [redeemed, changed] = await Promise.all([
        redeemLink(project, link, { ...instances[0] }),
        change(session, second, { ...instances[1] }),
      ]);
      expect([200, 403]).toContain(redeemed.status);
      expect(changed.status).toBe(200);
      const [user] = await project.sql("select email, new_email from users where id = $1", [
        session.user.id,
      ]);
      const isProved = redeemed.status === 200;
      expect(user).toEqual({
        email: isProved ? first : email,
        // A wish that came before the proof of another went with it.
        new_email: expect.toSatisfy((wish) => wish === second || (isProved && wish === null)),
      });
    }
  });

  it("to one address by two users, and a sign-up with it, leave it to one", async () => {
    for (let round = 0; round < 15; round += 1) {
      const users = [await proved(), await proved()];
      const wish = freshEmail();
      const links = [];
      for (const { session } of users) {
        await change(session, wish);
        links.push(await linkTo(wish));
      }
      const replies = await Promise.all([
        ...links.map((link, n) => redeemLink(project, link, { ...instances[n] })),
        project.post("/signup", { email: wish, password: goodPassword }),
      ]);
      const counts = countOf(replies);
      expect(counts[200]).toBe(1);
      expect((counts["422 email_exists"] ?? 0) + (counts["422 user_already_exists"] ?? 0)).toBe(2);
      expect(await project.sql("select from users where email = $1", [wish])).toHaveLength(1);
    }
  });
});

describe("a reset that races other ways in", () => {
  it("leaves no session but its own", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { email } = await mailed(project, "signup");
      const tokens: Record<string, string> = {};
      for (const [path, type] of [
        ["/magiclink", "magiclink"],
        ["/reset", "recovery"],
      ] as const) {
        await project.post(path, { email });
        tokens[type] = (await newestMail(project, email)).token;
      }
      const { magiclink = "", recovery = "" } = tokens;
      const [done, linked, signed] = await Promise.all([
        reset(project, { token: recovery }, { ...instances[0] }),
        redeemLink(project, { type: "magiclink", token: magiclink }, { ...instances[1] }),
        project.post<SessionReply>(
          "/token",
          { email, password: goodPassword },
          { ...instances[1] },
        ),
      ]);
      // One of the mails was used, and ended the other; whichever it was, one session is left.
      expect([done.status, linked.status].sort()).toEqual([200, 403]);
      if (done.status === 200) {
        expect(await isLive(project, done.body)).toBe(true);
        if (signed.status === 200) expect(await isLive(project, signed.body)).toBe(false);
        expect(await liveSessions(email)).toBe(1);
        expect(await signsIn(project, email, newPassword)).toBe(true);
      }
    }
  });
});

describe("requests for mail at once", () => {
  it.each(["optional", "required"] as const)(
    "to one new address, by every way, are all answered, make one user and leave one mail of a kind, without a deadlock, where a proof is %s (case 146)",
    async (email_confirmation) => {
      const shop = hashingQuickly(await mailingProject({ email_confirmation }));
      const service = serviceToken(shop);
      const { access_token: wisher } = (await proved(shop)).session;
      const deadlocks = countingDeadlocks(shop);
      for (let round = 0; round < 5; round += 1) {
        const email = freshEmail();
        const post =
          (path: string, body: object = {}, options: RequestOptions = {}) =>
          (by: RequestOptions) =>
            shop.post(path, { email, ...body }, { ...options, ...by });
        const wish = (by: RequestOptions) =>
          shop.request("/user", { method: "PATCH", token: wisher, body: { email }, ...by });
        const ways = [
          post("/magiclink"),
          post("/signup", { password: goodPassword }),
          post("/otp"),
          post("/invite", {}, { token: service }),
          wish,
          post("/reset"),
          post("/resend", { type: "signup" }),
          post("/resend", { type: "email_change" }),
        ];
        const replies = await together(32, (by, n) => (ways[n % ways.length] ?? wish)(by));
        const { 200: done, "422 user_already_exists": taken = 0, ...others } = countOf(replies);
        expect(others).toEqual({});
        expect([(done ?? 0) + taken, taken]).toEqual([
          32,
          expect.toBeOneOf(email_confirmation === "required" ? [0] : [3, 4]),
        ]);
        expect(await shop.sql("select from users where email = $1", [email])).toHaveLength(1);
        const kinds = (await queuedMail(shop, email)).map(({ purpose }) => purpose);
        expect(kinds).toHaveLength(new Set(kinds).size);
        const tokens = await shop.sql<{ purpose: string }>(
          "select purpose from one_time_tokens where email = $1",
          [email],
        );
        // The mail that tells the address's owner of a wish for it has none.
        expect(tokens.map(({ purpose }) => purpose).sort()).toEqual(
          kinds.filter((purpose) => purpose !== "account_exists").sort(),
        );
      }
      expect(deadlocks()).toBe(0);
    },
  );

  it("to one address are one mail a minute, and no more in a day than may be", async () => {
    const usual = await mailingProject({ mail_interval: 60 });
    const email = freshEmail();
    await usual.signUp({ email });
    await usual.sql("delete from mail_budgets");
    for (const address of [email, freshEmail()]) {
      const replies = await together(20, (options) =>
        usual.post("/reset", { email: address }, options),
      );
      expect(countOf(replies)).toEqual({ 200: 1, "429 over_email_send_rate_limit": 19 });
    }
    const few = await mailingProject({ mails_per_recipient_per_day: 7 });
    const replies = await together(20, (options) => few.post("/reset", { email }, options));
    expect(countOf(replies)).toEqual({ 200: 7, "429 over_email_send_rate_limit": 13 });
  });

  it("cannot outrun the budget of guesses, at 60 guesses at once (case 66)", async () => {
    const mail = await mailed(project, "recovery");
    for (const email of [mail.email, freshEmail()]) {
      const replies = await together(60, (options, n) =>
        redeemCode(
          project,
          {
            type: "recovery",
            email,
            code: String((Number(mail.code) + n + 1) % 1e6).padStart(6, "0"),
          },
          options,
        ),
      );
      expect(countOf(replies)).toEqual({
        "403 otp_expired": 20,
        "429 over_request_rate_limit": 40,
      });
    }
    expect(
      await project.sql(
        "select wrong_guesses from one_time_tokens where email = $1 and purpose = 'recovery'",
        [mail.email],
      ),
    ).toEqual([{ wrong_guesses: 5 }]);
  });

  it("is asked for again while another user wishes for the same address, without a deadlock", async () => {
    const deadlocks = countingDeadlocks(project);
    const user = await mailed(project, "signup");
    const email = freshEmail();
    const wish = (options: RequestOptions) =>
      project.request("/user", {
        method: "PATCH",
        token: user.session.access_token,
        body: { email },
        ...options,
      });
    await wish({});
    const replies = await together(40, (options, n) =>
      n % 2 === 0
        ? wish(options)
        : project.post("/resend", { type: "email_change", email }, options),
    );
    expect(countOf(replies)).toEqual({ 200: 40 });
    expect(deadlocks()).toBe(0);
  });
});
