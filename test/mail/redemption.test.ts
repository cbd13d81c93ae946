import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  ageTokens,
  askFor,
  isLive,
  mailed,
  mailedProved,
  mailingProject,
  newPassword,
  otpExpired,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
  signsIn,
  wrongCode,
} from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { freshEmail, goodPassword, type Reply, type TestProject } from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";

let project: TestProject;
let neighbour: TestProject;
beforeAll(async () => {
  project = await mailingProject();
  neighbour = await mailingProject();
});

/** All of an answer but the id of its request. */
function bytes({ status, headers, body }: Reply<unknown>): string {
  const names = [...headers].filter(([name]) => name !== "x-request-id");
  return JSON.stringify([status, names, body]);
}

function patch(token: string, body: object) {
  return project.request("/user", { method: "PATCH", token, body });
}

describe("a mailed token", () => {
  it("is answered alike when it is wrong, used, replaced or stale, as link and as code (case 61)", async () => {
    const used = await mailed(project, "magiclink");
    expect((await redeemLink(project, used)).status).toBe(200);
    const old = await mailed(project, "magiclink");
    await askFor(project, "/magiclink", { email: old.email });
    const stale = await mailed(project, "magiclink");
    await ageTokens(project, stale.email, "2 hours");
    const never = { type: "magiclink", token: "A".repeat(43), email: freshEmail(), code: "123456" };
    const garbage = { type: "magiclink", token: "%", email: old.email, code: "12345" };
    const other = await mailed(project, "magiclink");

    const answers = new Set<string>();
    for (const link of [used, old, stale, never, garbage, { ...other, type: "recovery" }]) {
      const reply = await redeemLink(project, link);
      expect(reply).toMatchObject(otpExpired);
      answers.add(bytes(reply));
      answers.add(bytes(await reset(project, link)));
    }
    for (const typed of [used, old, stale, never, garbage, { ...other, type: "recovery" }]) {
      answers.add(bytes(await redeemCode(project, typed)));
      answers.add(bytes(await resetByCode(project, typed)));
    }
    expect(answers.size).toBe(1);
    expect((await redeemLink(project, other)).status).toBe(200);
  });

  it("as a code lives 10 minutes, and as a link an hour, to the second (case 61)", async () => {
    for (const type of ["magiclink", "recovery"] as const) {
      const young = await mailed(project, type);
      await ageTokens(project, young.email, "9 minutes 50 seconds");
      expect((await redeemCode(project, young)).status).toBe(200);

      const old = await mailed(project, type);
      await ageTokens(project, old.email, "10 minutes 1 second");
      expect(await redeemCode(project, old)).toMatchObject(otpExpired);
      await ageTokens(project, old.email, "49 minutes 45 seconds");
      expect((await redeemLink(project, old)).status).toBe(200);

      const stale = await mailed(project, type);
      await ageTokens(project, stale.email, "1 hour 1 second");
      expect(await redeemLink(project, stale)).toMatchObject(otpExpired);
      expect(await reset(project, { token: stale.token })).toMatchObject(otpExpired);
    }
  });

  it("is the newest of its purpose alone, link and code, and no mail of the older waits (case 62)", async () => {
    const older = await mailed(project, "recovery");
    await askFor(project, "/recover", { email: older.email });
    const newer = await newestMail(project, older.email);
    expect(newer.token).not.toBe(older.token);
    expect(await reset(project, { token: older.token })).toMatchObject(otpExpired);
    expect(await resetByCode(project, { email: older.email, code: older.code })).toMatchObject(
      otpExpired,
    );
    const waiting = await queuedMail(project, older.email);
    expect(waiting.filter(({ purpose }) => purpose === "recovery")).toHaveLength(1);
    expect((await reset(project, { token: newer.token })).status).toBe(200);
  });

  it("dies when another of the user's is used, and its mail is taken back (case 62)", async () => {
    const link = await mailedProved(project, "magiclink");
    await askFor(project, "/reset", { email: link.email });
    const recovery = await newestMail(project, link.email);
    expect((await redeemLink(project, link)).status).toBe(200);
    expect(await reset(project, { token: recovery.token })).toMatchObject(otpExpired);
    expect(await queuedMail(project, link.email)).toEqual([]);
  });

  it("dies when the password is changed, by whichever way (case 62)", async () => {
    const byUser = await mailedProved(project, "magiclink");
    const { access_token } = byUser.session;
    expect((await patch(access_token, { password: newPassword })).status).toBe(200);
    expect(await redeemLink(project, byUser)).toMatchObject(otpExpired);
    expect(await redeemCode(project, byUser)).toMatchObject(otpExpired);

    for (const change of [reset, resetByCode]) {
      const byReset = await mailedProved(project, "magiclink");
      await askFor(project, "/reset", { email: byReset.email });
      const recovery = { ...(await newestMail(project, byReset.email)), email: byReset.email };
      expect((await change(project, recovery)).status).toBe(200);
      expect(await redeemLink(project, byReset)).toMatchObject(otpExpired);
      expect(await redeemCode(project, byReset)).toMatchObject(otpExpired);
    }
  });

  it.each(["both", "new"] as const)(
    "dies when the address is changed, which it was sent to, proved by %s (case 62)",
    async (email_change_confirmation) => {
      const of = await mailingProject({ email_change_confirmation });
      const link = await mailedProved(of, "magiclink");
      await askFor(of, "/reset", { email: link.email });
      const recovery = await newestMail(of, link.email);
      const moved = freshEmail();
      const { access_token: token } = link.session;
      const body = { email: moved };
      expect((await of.request("/user", { method: "PATCH", token, body })).status).toBe(200);
      if (email_change_confirmation === "both") {
        const half = { ...(await newestMail(of, link.email)), type: "email_change" };
        expect((await redeemLink(of, half)).status).toBe(200);
      }
      const change = { ...(await newestMail(of, moved)), type: "email_change" };
      const done = await redeemLink(of, change);
      expect(done).toMatchObject({ status: 200, body: { user: { email: moved } } });
      expect(await redeemLink(of, link)).toMatchObject(otpExpired);
      expect(await reset(of, recovery)).toMatchObject(otpExpired);
      for (const email of [link.email, moved]) {
        expect(await redeemCode(of, { ...link, email })).toMatchObject(otpExpired);
        expect(await resetByCode(of, { ...recovery, email })).toMatchObject(otpExpired);
      }
    },
  );

  it("of one project is nothing at another, even for the same address (case 65)", async () => {
    const link = await mailed(project, "recovery");
    await neighbour.signUp({ email: link.email });
    await askFor(neighbour, "/reset", { email: link.email });
    for (const use of [redeemLink, redeemCode, reset, resetByCode]) {
      expect(await use(neighbour, link)).toMatchObject(otpExpired);
    }
    expect((await reset(project, { token: link.token })).status).toBe(200);
  });

  it("of one user does not open another's account (case 65)", async () => {
    const [ours, theirs] = [await mailed(project, "recovery"), await mailed(project, "recovery")];
    const mixed = { type: "recovery", email: theirs.email, code: ours.code };
    expect(await redeemCode(project, mixed)).toMatchObject(otpExpired);
    expect(await resetByCode(project, mixed)).toMatchObject(otpExpired);
    // The token alone says whose it is; an address beside it is no claim.
    const both = { token: ours.token, email: theirs.email, password: newPassword };
    const led = await project.post("/reset", both);
    expect(led).toMatchObject({ status: 200, body: { user: { email: ours.email } } });
    expect(await signsIn(project, theirs.email)).toBe(true);
    expect((await reset(project, theirs)).status).toBe(200);
  });

  it("is not consumed by a weak or impossible password, which is told why (cases 4 and 6)", async () => {
    const { email, token, code } = await mailed(project, "recovery");
    const bad: [string, number, object][] = [
      ["xk3qz7w", 422, { weak_password: { reasons: ["length"] } }],
      ["Password123", 422, { weak_password: { reasons: ["pwned"] } }],
      [email, 422, { weak_password: { reasons: ["pwned"] } }],
      [project.id, 422, { weak_password: { reasons: ["pwned"] } }],
      ["abc\0def12345", 400, { error_code: "validation_failed" }],
      ["x".repeat(4_097), 400, { error_code: "validation_failed" }],
    ];
    for (const [password, status, body] of bad) {
      for (const proof of [{ token }, { email, code }]) {
        const reply = await project.post("/reset", { ...proof, password });
        expect(reply).toMatchObject({ status, body });
      }
    }
    expect((await resetByCode(project, { email, code })).status).toBe(200);
  });

  it("signs nobody in who is banned, and is not consumed (case 15)", async () => {
    const [link, recovery] = [
      await mailed(project, "magiclink"),
      await mailed(project, "recovery"),
    ];
    const ban = (until: string) =>
      project.sql(`update users set banned_until = ${until} where email in ($1, $2)`, [
        link.email,
        recovery.email,
      ]);
    await ban("now() + interval '1 hour'");
    const banned = { status: 400, body: { error_code: "user_banned" } };
    expect(await redeemLink(project, link)).toMatchObject(banned);
    expect(await redeemCode(project, link)).toMatchObject(banned);
    expect(await reset(project, { token: recovery.token })).toMatchObject(banned);
    expect(
      await resetByCode(project, { email: recovery.email, code: recovery.code }),
    ).toMatchObject(banned);
    expect(await signsIn(project, recovery.email, newPassword)).toBe(false);
    await ban("null");
    expect(await signsIn(project, recovery.email)).toBe(true);
    expect((await redeemLink(project, link)).status).toBe(200);
    expect((await reset(project, { token: recovery.token })).status).toBe(200);
  });
});

describe("every mail that proves an address", () => {
  it("waits for the end of a ban, and proves nothing before it (case 15)", async () => {
    const signup = await mailed(project, "signup");
    const invited = freshEmail();
    await project.post("/invite", { email: invited }, { token: serviceToken(project) });
    const owner = await mailed(project, "signup");
    await redeemLink(project, owner);
    const wish = freshEmail();
    const asked = await project.request("/user", {
      method: "PATCH",
      token: owner.session.access_token,
      body: { email: wish },
    });
    expect(asked.status).toBe(200);
    const mails = [
      signup,
      { ...(await newestMail(project, invited)), email: invited, type: "invite" },
      { ...(await newestMail(project, owner.email)), email: owner.email, type: "email_change" },
    ];
    const addresses = [signup.email, invited, owner.email];
    const ban = (until: string) =>
      project.sql(`update users set banned_until = ${until} where email = any ($1)`, [addresses]);
    const proofs = () =>
      project.sql(
        "select email, email_confirmed_at, new_email_proved_by from users where email = any ($1) order by email",
        [addresses],
      );

    await ban("'infinity'");
    const before = await proofs();
    for (const mail of mails) {
      for (const redeem of [redeemLink, redeemCode]) {
        expect(await redeem(project, mail)).toMatchObject({
          status: 400,
          body: { error_code: "user_banned" },
        });
      }
    }
    expect(await proofs()).toEqual(before);
    await ban("null");
    for (const mail of mails) expect((await redeemLink(project, mail)).status).toBe(200);
  });
});

describe("a new password by mail", () => {
  it("ends every session, is told to the owner and starts at aal1 (case 67)", async () => {
    const mail = await mailed(project, "recovery");
    const body = { email: mail.email, password: goodPassword };
    const { body: other } = await project.post<SessionReply>("/token", body);
    const done = await reset(project, { token: mail.token });
    const claims = JSON.parse(
      Buffer.from(done.body.access_token.split(".")[1] ?? "", "base64url").toString(),
    );
    expect(claims).toMatchObject({ aal: "aal1", amr: [{ method: "recovery" }] });
    expect(await isLive(project, mail.session)).toBe(false);
    expect(await isLive(project, other)).toBe(false);
    expect(await isLive(project, done.body)).toBe(true);
    expect((await queuedMail(project, mail.email)).map(({ purpose }) => purpose)).toEqual([
      "password_changed",
    ]);
    expect(await signsIn(project, mail.email)).toBe(false);
    expect(await signsIn(project, mail.email, newPassword)).toBe(true);
  });

  it("asked for twice in a row changes it once, and the second answer is that of a used link", async () => {
    const { token } = await mailed(project, "recovery");
    const [first, second] = [await reset(project, { token }), await reset(project, { token })];
    expect(first.status).toBe(200);
    expect(second).toMatchObject(otpExpired);
    expect(await isLive(project, first.body)).toBe(true);
  });
});

describe("what is sent in a token's place", () => {
  const notTexts = [["a"], { $ne: null }, 123456, true];

  it("is refused when it is no text, and never opens what has no token (case 74)", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    await project.sql("delete from one_time_tokens");
    for (const value of notTexts) {
      for (const body of [
        { type: "email", email, token: value },
        { type: "email", token_hash: value },
        { type: value, email, token: "123456" },
      ]) {
        expect((await project.post("/verify", body)).status).toBe(400);
      }
      for (const body of [
        { token: value, password: newPassword },
        { email, code: value, password: newPassword },
      ]) {
        expect((await project.post("/reset", body)).status).toBe(400);
      }
      const exchange = { auth_code: value, code_verifier: "v".repeat(43) };
      expect((await project.post("/token?grant_type=pkce", exchange)).status).toBe(400);
    }
    for (const value of ["", null, "%", "%%%%%%", "______", "null", "\u0000", "' or true --"]) {
      for (const body of [
        { type: "email", email, token: value },
        { type: "email", token_hash: value },
        { type: "signup", email: "%", token: value },
      ]) {
        expect([400, 403]).toContain((await project.post("/verify", body)).status);
      }
      for (const body of [
        { token: value, password: newPassword },
        { email, code: value, password: newPassword },
      ]) {
        expect([400, 403]).toContain((await project.post("/reset", body)).status);
      }
    }
    expect(await signsIn(project, email)).toBe(true);
    expect(
      await project.sql(
        'select from sessions where amr @> \'[{"method": "otp"}]\' and user_id = (select id from users where email = $1)',
        [email],
      ),
    ).toEqual([]);
  });

  it("is one token or one code, of a type that there is", async () => {
    const link = await mailed(project, "magiclink");
    const { email, token, code } = link;
    for (const body of [
      { type: "email" },
      { type: "email", token_hash: token, token: code, email },
      { type: "email", token_hash: token, email },
      { token_hash: token },
      { type: "constructor", token_hash: token },
      { type: "none", token_hash: token },
      { type: "reauthentication", token_hash: token },
      { type: "email", token: code },
      { type: "sms", phone: "123", token: code },
    ]) {
      expect((await project.post("/verify", body)).status).toBe(400);
    }
    expect(await redeemCode(project, { ...link, code: wrongCode(code) })).toMatchObject(otpExpired);
    expect((await redeemLink(project, link)).status).toBe(200);
  });
});
