import { createHash, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { newAuthorizationCode } from "../../src/tokens/authorization_code.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  ageTokens,
  askFor,
  isLive,
  mailingProject,
  newPassword,
  otpExpired,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
  signsIn,
} from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";

const attackers = "the attacker's own phrase";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject();
});

/** Somebody signs up with an address that is not theirs, and prepares what they can. */
async function hijacked() {
  const email = freshEmail();
  const session = await project.signUp({ email, password: attackers });
  const { token: signupToken } = await newestMail(project, email);
  const wish = freshEmail();
  const asked = await project.request("/user", {
    method: "PATCH",
    token: session.access_token,
    body: { email: wish },
  });
  expect(asked.status).toBe(200);
  const change = await newestMail(project, wish);
  await project.sql(
    `insert into identities (user_id, provider, issuer, subject)
     select id, 'other', 'https://idp.example', id::text from users where email = $1`,
    [email],
  );
  return { email, session, signupToken, change };
}

async function expectOwned(
  { email, session, change, signupToken }: Awaited<ReturnType<typeof hijacked>>,
  owner: SessionReply,
): Promise<void> {
  expect(await signsIn(project, email, attackers)).toBe(false);
  expect(await isLive(project, session)).toBe(false);
  const refreshed = await project.post("/refresh", { refresh_token: session.refresh_token });
  expect(refreshed.status).toBe(400);
  expect(await redeemLink(project, { ...change, type: "email_change" })).toMatchObject(otpExpired);
  expect(await redeemLink(project, { type: "signup", token: signupToken })).toMatchObject(
    otpExpired,
  );
  await askFor(project, "/resend", { type: "email_change", email: change.recipient });
  expect(await queuedMail(project, change.recipient)).toEqual([]);
  const { body: user } = await project.request("/user", { token: owner.access_token });
  expect(user).toMatchObject({ email, identities: [{ provider: "email" }] });
  expect(user).toHaveProperty("email_confirmed_at");
  expect(user).not.toHaveProperty("new_email");
}

describe("an account that somebody else made with one's address", () => {
  it("is one's own by a magic link: password, sessions, identities and wishes of the other go (case 24)", async () => {
    const account = await hijacked();
    await askFor(project, "/magiclink", { email: account.email });
    const mail = await newestMail(project, account.email);
    const owner = await redeemLink(project, { ...mail, type: "magiclink" });
    expect(owner.status).toBe(200);
    await expectOwned(account, owner.body);
  });

  it("is one's own by a recovery, by which the password is one's own (case 24)", async () => {
    const account = await hijacked();
    await askFor(project, "/reset", { email: account.email });
    const { email, ...mail } = { ...(await newestMail(project, account.email)), ...account };
    const owner = await resetByCode(project, { email, code: mail.code });
    expect(owner.status).toBe(200);
    await expectOwned(account, owner.body);
    expect(await signsIn(project, email, newPassword)).toBe(true);
  });

  it("is one's own by an invitation (case 24)", async () => {
    const account = await hijacked();
    const token = serviceToken(project);
    const invited = await project.post("/invite", { email: account.email }, { token });
    expect(invited.status).toBe(200);
    const mail = await newestMail(project, account.email);
    const owner = await redeemLink(project, { ...mail, type: "invite" });
    expect(owner.status).toBe(200);
    await expectOwned(account, owner.body);
  });

  it("is one's own by an invitation even if the mail of the other's sign-up is sent again (case 24)", async () => {
    const { email, session } = await hijacked();
    const token = serviceToken(project);
    const data = { name: "Ann" };
    const invited = await project.post("/invite", { email, data }, { token });
    expect(invited.body).toMatchObject({ user_metadata: data });
    await askFor(project, "/resend", { type: "signup", email });
    const mail = await newestMail(project, email);
    expect((await redeemLink(project, { ...mail, type: "signup" })).status).toBe(200);
    expect(await signsIn(project, email, attackers)).toBe(false);
    expect(await isLive(project, session)).toBe(false);
  });

  it("leaves no code to exchange that was got before a provider proved it (case 24)", async () => {
    const email = freshEmail();
    const session = await project.signUp({ email, password: attackers });
    const code = newAuthorizationCode();
    const verifier = "v".repeat(43);
    await project.sql(
      `insert into authorization_codes (user_id, code_hash, code_challenge, method, expires_at)
       values ($1, $2, $3, 'password', now() + interval '5 minutes')`,
      [session.user.id, code.hash, createHash("sha256").update(verifier).digest("base64url")],
    );
    await projectFunctions(project.service.runtime, project.id).signInWithIdentity({
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
    const exchanged = await project.post("/token?grant_type=pkce", {
      auth_code: code.text,
      code_verifier: verifier,
    });
    expect(exchanged.status).toBe(404);
  });

  it("has what its owner says of itself, and not what a stranger said who asked first", async () => {
    const email = freshEmail();
    await askFor(project, "/magiclink", { email, data: { name: "Mallory", role: "admin" } });
    await askFor(project, "/magiclink", { email, data: { name: "Ann" } });
    const mail = await newestMail(project, email);
    const owner = await redeemLink(project, { ...mail, type: "magiclink" });
    expect(owner.body.user.user_metadata).toEqual({ name: "Ann", email_verified: true });
  });

  it("loses nothing once its address is proved", async () => {
    const { email, session, signupToken } = await hijacked();
    expect((await redeemLink(project, { type: "signup", token: signupToken })).status).toBe(200);
    await askFor(project, "/magiclink", { email });
    const link = await newestMail(project, email);
    expect((await redeemLink(project, { ...link, type: "magiclink" })).status).toBe(200);
    expect(await isLive(project, session)).toBe(true);
    expect(await signsIn(project, email, attackers)).toBe(true);
  });

  it("keeps its password when the mail of its one sign-up proves it", async () => {
    const email = freshEmail();
    const session = await project.signUp({ email });
    const mail = await newestMail(project, email);
    expect((await redeemLink(project, { ...mail, type: "signup" })).status).toBe(200);
    expect(await isLive(project, session)).toBe(true);
    expect(await signsIn(project, email)).toBe(true);
  });
});

describe("two sign-ups with one address that nobody has proved, where it must be", () => {
  let strict: TestProject;
  beforeAll(async () => {
    strict = await mailingProject({ email_confirmation: "required" });
  });

  const signUp = (email: string, password: string) =>
    askFor(strict, "/signup", { email, password });

  it.each(["link", "code", "a mail that was sent again"])(
    "leave no password to either, whoever came first (case 24): by %s",
    async (how) => {
      const email = freshEmail();
      await signUp(email, attackers);
      await signUp(email, goodPassword);
      if (how === "a mail that was sent again") {
        await askFor(strict, "/resend", { type: "signup", email });
      }
      const mail = { ...(await newestMail(strict, email)), email, type: "signup" };
      const redeem = how === "code" ? redeemCode : redeemLink;
      const owner = await redeem(strict, mail);
      expect(owner.status).toBe(200);
      expect(await isLive(strict, owner.body)).toBe(true);
      expect(await signsIn(strict, email, attackers)).toBe(false);
      expect(await signsIn(strict, email, goodPassword)).toBe(false);

      await askFor(strict, "/reset", { email });
      const { token } = await newestMail(strict, email);
      expect((await reset(strict, { token })).status).toBe(200);
      expect(await signsIn(strict, email, newPassword)).toBe(true);
    },
  );

  it("are one when the same client made both within the hour", async () => {
    const email = freshEmail();
    const at = { address: "192.0.2.7" };
    for (const _ of [1, 2]) {
      await strict.post("/signup", { email, password: goodPassword }, at);
    }
    const mail = await newestMail(strict, email);
    expect((await redeemLink(strict, { ...mail, type: "signup" })).status).toBe(200);
    expect(await signsIn(strict, email)).toBe(true);
  });

  it.each([
    ["a mail left within the minute", { mail_interval: 60 }],
    ["ten mails left today", { mails_per_recipient_per_day: 1 }],
  ])("leave no password even when nothing more is sent, since %s (case 24)", async (_, limit) => {
    const limited = await mailingProject({ email_confirmation: "required", ...limit });
    const email = freshEmail();
    await limited.post("/signup", { email, password: attackers }, { address: "192.0.2.66" });
    await limited.post("/signup", { email, password: goodPassword }, { address: "192.0.2.7" });
    expect(await queuedMail(limited, email)).toHaveLength(1);
    const mail = await newestMail(limited, email);
    expect((await redeemLink(limited, { ...mail, type: "signup" })).status).toBe(200);
    expect(await signsIn(limited, email, attackers)).toBe(false);
  });

  it("leave no password where a session is given at once and the second is refused (case 24)", async () => {
    const email = freshEmail();
    const other = await project.signUp({ email, password: attackers });
    const second = await project.post(
      "/signup",
      { email, password: goodPassword },
      { address: "192.0.2.7" },
    );
    expect(second.status).toBe(422);
    const mail = await newestMail(project, email);
    expect((await redeemLink(project, { ...mail, type: "signup" })).status).toBe(200);
    expect(await signsIn(project, email, attackers)).toBe(false);
    expect(await isLive(project, other)).toBe(false);
  });

  it("are over with the proof: what comes after is somebody else's, and changes nothing", async () => {
    const email = freshEmail();
    await signUp(email, goodPassword);
    const mail = await newestMail(strict, email);
    expect((await redeemLink(strict, { ...mail, type: "signup" })).status).toBe(200);
    await signUp(email, attackers);
    expect(await signsIn(strict, email)).toBe(true);
    expect(await signsIn(strict, email, attackers)).toBe(false);
    expect((await newestMail(strict, email)).purpose).toBe("account_exists");
  });
});

describe("an invitation", () => {
  it("is a link and a code that work once, expire, and never are a password (case 25)", async () => {
    const token = serviceToken(project);
    const email = freshEmail();
    const data = { name: "Ann" };
    const invited = await project.post("/invite", { email, data }, { token });
    expect(invited).toMatchObject({ status: 200, body: { email, user_metadata: data } });
    expect(invited.body).toHaveProperty("invited_at");
    const mail = { ...(await newestMail(project, email)), email, type: "invite" };
    for (const password of [mail.token, mail.code]) {
      expect((await project.post("/token", { email, password })).status).toBe(400);
    }
    expect(await project.sql("select password_hash from users where email = $1", [email])).toEqual([
      { password_hash: null },
    ]);
    const session = await redeemCode(project, mail);
    expect(session).toMatchObject({ status: 200, body: { user: { email } } });
    expect(await redeemLink(project, mail)).toMatchObject(otpExpired);
    const chosen = await project.request("/user", {
      method: "PATCH",
      token: session.body.access_token,
      body: { password: newPassword },
    });
    expect(chosen.status).toBe(200);
    expect(await signsIn(project, email, newPassword)).toBe(true);

    expect(await project.post("/invite", { email }, { token })).toMatchObject({
      status: 422,
      body: { error_code: "email_exists" },
    });
    const late = freshEmail();
    await project.post("/invite", { email: late }, { token });
    const stale = { ...(await newestMail(project, late)), type: "invite" };
    await ageTokens(project, late, "1 hour 1 second");
    expect(await redeemLink(project, stale)).toMatchObject(otpExpired);
  });

  it("is for service_role alone", async () => {
    const email = freshEmail();
    const { access_token } = await project.signUp();
    const statuses = [];
    for (const token of [undefined, access_token, "x.y.z"]) {
      statuses.push((await project.post("/invite", { email }, token ? { token } : {})).status);
    }
    expect(statuses).toEqual([401, 403, 401]);
    expect(await project.sql("select from users where email = $1", [email])).toEqual([]);
  });

  it("leaves no user behind when the address was written to too often", async () => {
    const usual = await mailingProject({ mail_interval: 60 });
    const email = freshEmail();
    await askFor(usual, "/reset", { email });
    const refused = await usual.post("/invite", { email }, { token: serviceToken(usual) });
    expect(refused).toMatchObject({
      status: 429,
      body: { error_code: "over_email_send_rate_limit" },
    });
    expect(await usual.sql("select from users")).toEqual([]);
  });
});
