import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { ageSession, sessionIdOf } from "../support/age.ts";
import {
  ageTokens,
  isLive,
  mailed,
  mailingProject,
  newPassword,
  redeemCode,
  redeemLink,
  signsIn,
  wrongCode,
} from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject();
});

/** A session that is too old to change anything by itself. */
async function agedSession(of = project): Promise<SessionReply> {
  const session = await of.signUp();
  await ageSession(of, sessionIdOf(session), "25 hours");
  const { refresh_token } = session;
  return (await of.post<SessionReply>("/refresh", { refresh_token })).body;
}

async function nonceFor(session: SessionReply): Promise<string> {
  const asked = await project.request("/reauthenticate", { token: session.access_token });
  expect(asked).toMatchObject({ status: 200, body: {} });
  const mail = await newestMail(project, session.user.email);
  expect(mail.purpose).toBe("reauthentication");
  return mail.code;
}

function change({ access_token: token }: SessionReply, body: object, of = project) {
  return of.request("/user", { method: "PATCH", token, body });
}

const notValid = { status: 422, body: { error_code: "reauthentication_not_valid" } };

describe("the nonce of a reauthentication mail", () => {
  it("lets an old session change the password once, and is over then", async () => {
    const session = await agedSession();
    const nonce = await nonceFor(session);
    const needed = await change(session, { password: newPassword });
    expect(needed).toMatchObject({ status: 400, body: { error_code: "reauthentication_needed" } });
    const spaced = `${nonce.slice(0, 3)} ${nonce.slice(3)}`;
    expect((await change(session, { password: newPassword, nonce: spaced })).status).toBe(200);
    expect(await signsIn(project, session.user.email, newPassword)).toBe(true);
    expect(await change(session, { password: "yet another phrase", nonce })).toMatchObject(
      notValid,
    );
  });

  it("lets an old session change the address once", async () => {
    const session = await agedSession();
    const nonce = await nonceFor(session);
    const [next, other] = [freshEmail(), freshEmail()];
    expect(await change(session, { email: next, nonce })).toMatchObject({
      status: 200,
      body: { new_email: next },
    });
    expect(await change(session, { email: other, nonce })).toMatchObject(notValid);
    expect(await queuedMail(project, other)).toEqual([]);
  });

  it("is not consumed by a change that is refused for another reason", async () => {
    const session = await agedSession();
    const nonce = await nonceFor(session);
    expect((await change(session, { password: "short", nonce })).status).toBe(422);
    const same = await change(session, { password: goodPassword, nonce });
    expect(same).toMatchObject({ status: 422, body: { error_code: "same_password" } });
    expect((await change(session, { password: newPassword, nonce })).status).toBe(200);
  });

  it("is refused when it is wrong, stale, replaced, another user's, or of another kind, even on a fresh session", async () => {
    const [session, other] = [await agedSession(), await agedSession()];
    const nonce = await nonceFor(session);
    const theirs = await nonceFor(other);
    const fresh = await mailed(project, "magiclink");
    const tries: [SessionReply, string][] = [
      [session, wrongCode(nonce)],
      [session, theirs],
      [session, "12345"],
      [session, "abcdef"],
      [fresh.session, fresh.code],
      [fresh.session, nonce],
    ];
    for (const [who, what] of tries) {
      expect(await change(who, { password: newPassword, nonce: what })).toMatchObject(notValid);
    }
    await nonceFor(session);
    expect(await change(session, { password: newPassword, nonce })).toMatchObject(notValid);
    const newest = (await newestMail(project, session.user.email)).code;
    await ageTokens(project, session.user.email, "10 minutes 1 second");
    expect(await change(session, { password: newPassword, nonce: newest })).toMatchObject(notValid);
    expect(await signsIn(project, session.user.email, newPassword)).toBe(false);
  });

  it("signs nobody in, neither as a code nor as a link", async () => {
    const session = await agedSession();
    await nonceFor(session);
    const { code, token } = await newestMail(project, session.user.email);
    const { email } = session.user;
    for (const type of ["email", "magiclink", "recovery", "signup", "email_change"]) {
      expect((await redeemCode(project, { type, email, code })).status).toBe(403);
      expect((await redeemLink(project, { type, token })).status).toBe(403);
    }
    const type = "reauthentication";
    expect((await redeemLink(project, { type, token })).status).toBe(400);
  });

  it("is guessed 5 times, then even the right one is refused (case 66)", async () => {
    const session = await agedSession();
    const nonce = await nonceFor(session);
    for (let n = 1; n <= 5; n += 1) {
      const reply = await change(session, { password: newPassword, nonce: wrongCode(nonce, n) });
      expect(reply).toMatchObject(notValid);
    }
    expect(await change(session, { password: newPassword, nonce })).toMatchObject(notValid);
    const next = await nonceFor(session);
    expect((await change(session, { password: newPassword, nonce: next })).status).toBe(200);
  });

  it("is asked for by a live session alone", async () => {
    const session = await agedSession();
    expect((await project.request("/reauthenticate")).status).toBe(401);
    await project.request("/logout", { method: "POST", token: session.access_token });
    const ended = await project.request("/reauthenticate", { token: session.access_token });
    expect(ended.status).toBe(401);
    expect(await queuedMail(project, session.user.email)).toEqual([
      expect.objectContaining({ purpose: "signup" }),
    ]);
  });
});

describe("a project that always asks for the current password", () => {
  it("does not ask who came by a recovery mail, but does ask who came by another", async () => {
    const strict = await mailingProject({ password_change: "current_password" });
    const [recovered, linked] = [
      await mailed(strict, "recovery"),
      await mailed(strict, "magiclink"),
    ];
    const byRecovery = await redeemCode(strict, recovered);
    expect((await change(byRecovery.body, { password: newPassword }, strict)).status).toBe(200);
    expect(await isLive(strict, byRecovery.body)).toBe(true);
    // As the first proof of the address the link would leave no password to ask for.
    await strict.sql("update users set email_confirmed_at = now() where email = $1", [
      linked.email,
    ]);
    const byLink = await redeemCode(strict, linked);
    expect(await change(byLink.body, { password: newPassword }, strict)).toMatchObject({
      status: 400,
      body: { error_code: "reauthentication_needed" },
    });
  });
});
