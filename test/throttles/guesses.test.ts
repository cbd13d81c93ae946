import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { ageBudgets } from "../support/age.ts";
import { mailed, mailingProject, newPassword, redeemLink, reset } from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type TestProject,
} from "../support/project.ts";

describe("guesses at one account", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject();
  });

  const signIn = (email: string, password = "not the password") =>
    project.post("/token", { email, password });
  const budget = async (email: string) => {
    const rows = await project.sql(
      `select failures, day_guesses, blocked_until > clock_timestamp() as blocked
       from guess_budgets where subject = sha256(convert_to($1, 'UTF8'))`,
      [email],
    );
    return rows[0];
  };
  const waiting = {
    code: 429,
    error_code: "over_request_rate_limit",
    msg: "Request rate limit reached",
  };

  function expectWait(reply: Reply, seconds: number): void {
    expect(reply.status).toBe(429);
    expect(reply.body).toEqual(waiting);
    const wait = Number(reply.headers.get("Retry-After"));
    expect(wait).toBeGreaterThan(seconds - 30);
    expect(wait).toBeLessThanOrEqual(seconds);
  }

  it("are ten in a row, then the right password is answered like a wrong one until the wait is over (case 13)", async () => {
    const { user, refresh_token } = await project.signUp();
    for (let failure = 1; failure <= 10; failure += 1) {
      expect(await signIn(user.email)).toMatchObject({
        status: 400,
        body: { error_code: "invalid_credentials" },
      });
    }
    expectWait(await signIn(user.email), 60);
    expectWait(await signIn(user.email, goodPassword), 60);
    expectWait(await signIn(user.email.toUpperCase(), goodPassword), 60);
    expect((await project.post("/refresh", { refresh_token })).status).toBe(200);
    expect((await signIn(freshEmail())).status).toBe(400);

    await ageBudgets(project, "61 seconds");
    expect((await signIn(user.email, goodPassword)).status).toBe(200);
    expect(await budget(user.email)).toEqual({ failures: 0, day_guesses: 10, blocked: null });
  });

  it("stay counted though each of them is refused (case 12)", async () => {
    const { user } = await project.signUp();
    for (let failure = 1; failure <= 3; failure += 1) await signIn(user.email);
    expect(await budget(user.email)).toEqual({ failures: 3, day_guesses: 3, blocked: null });
    const events = await project.sql(
      "select event, user_id from audit_log where event = 'login_failed' and user_id = $1",
      [user.id],
    );
    expect(events).toHaveLength(3);

    await project.sql(
      "update guess_budgets set failures = 9 where subject = sha256(convert_to($1, 'UTF8'))",
      [user.email],
    );
    await signIn(user.email);
    expect(await budget(user.email)).toEqual({ failures: 10, day_guesses: 4, blocked: true });
    expectWait(await signIn(user.email), 60);
    expect(await budget(user.email)).toEqual({ failures: 10, day_guesses: 4, blocked: true });
  });

  it("cost nothing when they are right", async () => {
    const { user } = await project.signUp();
    await signIn(user.email);
    for (let success = 1; success <= 3; success += 1) await signIn(user.email, goodPassword);
    expect(await budget(user.email)).toEqual({ failures: 0, day_guesses: 1, blocked: null });
  });

  it("keep nobody out who proves the address or comes by a provider, and let no password in (case 15)", async () => {
    const open = await mailingProject({ login_failures_before_wait: 1 });
    const { email, ...mail } = await mailed(open, "signup");
    expect((await redeemLink(open, mail)).status).toBe(200);
    const status = async (password: string) =>
      (await open.post("/token", { email, password })).status;
    expect([await status("not the password"), await status(goodPassword)]).toEqual([400, 429]);

    await open.post("/magiclink", { email });
    const link = { ...(await newestMail(open, email)), type: "magiclink" };
    expect((await redeemLink(open, link)).status).toBe(200);
    const { signInWithIdentity } = projectFunctions(open.service.runtime, open.id);
    const entered = await signInWithIdentity({
      identity: {
        provider: "other",
        issuer: "https://idp.example",
        subject: email,
        email,
        data: {},
      },
      refreshHash: randomBytes(32),
      code: null,
      client: { address: null, userAgent: null },
    });
    expect(entered).toMatchObject({ outcome: null, claims: { email } });
    expect(await status(goodPassword)).toBe(429);

    await open.post("/reset", { email });
    expect((await reset(open, await newestMail(open, email))).status).toBe(200);
    expect(await status(newPassword)).toBe(200);
  });

  it("are counted at an address that nobody has, too (case 10)", async () => {
    const email = freshEmail();
    await signIn(email);
    expect(await budget(email)).toEqual({ failures: 1, day_guesses: 1, blocked: null });
  });

  it("are not counted when they are malformed", async () => {
    const { user } = await project.signUp();
    for (const password of ["", "with\0NUL", "x".repeat(4_097), null, 7]) {
      const reply = await project.post("/token", { email: user.email, password });
      expect(reply.status).toBe(400);
    }
    expect(await budget(user.email)).toBeUndefined();
  });
});
