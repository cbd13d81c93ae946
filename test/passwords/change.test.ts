import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { ageSession, sessionIdOf } from "../support/age.ts";
import { queuedMail } from "../support/outbox.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type RequestOptions,
  type TestProject,
} from "../support/project.ts";

const nextPassword = "an entirely new phrase";

describe("a change of password", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject({ password_change: "recent" });
  });

  const change = (session: SessionReply, body: object, options: RequestOptions = {}) =>
    project.request("/user", { method: "PATCH", body, token: session.access_token, ...options });
  const signIn = ({ user }: SessionReply, password: string) =>
    project.post<SessionReply>("/token", { email: user.email, password });
  const refresh = ({ refresh_token }: SessionReply) =>
    project.post<SessionReply>("/refresh", { refresh_token });

  /** Shows that nothing changed: the account is as it was signed up. */
  async function expectUnchanged(session: SessionReply): Promise<void> {
    expect((await signIn(session, goodPassword)).status).toBe(200);
    const [row] = await project.sql(
      "select password_changed_at, user_metadata from users where id = $1",
      [session.user.id],
    );
    expect(row).toEqual({ password_changed_at: null, user_metadata: {} });
  }

  function expectRefusal(reply: Reply<object>, status: number, code: string): void {
    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject({ error_code: code });
  }

  it("ends every other session, every mailed token and every code, and keeps its own (case 8)", async () => {
    const [session, bystander] = [await project.signUp(), await project.signUp()];
    const others = [
      (await signIn(session, goodPassword)).body,
      (await signIn(session, goodPassword)).body,
    ];
    const expired = others[0] as SessionReply;
    for (const { user } of [session, bystander]) {
      await project.sql(
        `insert into authorization_codes (user_id, code_hash, code_challenge, method, expires_at)
         values ($1::uuid, sha256(convert_to($1::text, 'UTF8')), repeat('c', 43), 'otp', now() + interval '5 minutes')`,
        [user.id],
      );
    }

    const reply = await change(session, { password: nextPassword });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ id: session.user.id });
    for (const other of others) {
      expectRefusal(await refresh(other), 400, "session_not_found");
    }
    expectRefusal(
      await project.request("/user", { token: expired.access_token }),
      401,
      "session_not_found",
    );
    expect((await project.request("/user", { token: session.access_token })).status).toBe(200);
    expect((await refresh(session)).status).toBe(200);
    expect((await refresh(bystander)).status).toBe(200);
    // Those of the two sign-ups; that of who changed the password is dead, and its mail was taken back.
    for (const table of ["one_time_tokens", "authorization_codes"]) {
      expect(await project.sql(`select user_id from ${table}`)).toEqual([
        { user_id: bystander.user.id },
      ]);
    }
    const told = await queuedMail(project, session.user.email);
    expect(told.map(({ purpose }) => purpose)).toEqual(["password_changed"]);

    expectRefusal(await signIn(session, goodPassword), 400, "invalid_credentials");
    expect((await signIn(session, nextPassword)).status).toBe(200);
    const events = await project.sql(
      "select session_id from audit_log where event = 'password_changed' and user_id = $1",
      [session.user.id],
    );
    expect(events).toEqual([{ session_id: sessionIdOf(session) }]);
  });

  it("wants a session of the last 24 hours or the current password, and else changes nothing (case 7)", async () => {
    const session = await project.signUp();
    await ageSession(project, sessionIdOf(session), "23 hours 59 minutes");
    expectRefusal(await change(session, { password: goodPassword }), 422, "same_password");
    await ageSession(project, sessionIdOf(session), "1 minute");
    const { body: refreshed } = await refresh(session);

    const body = { password: nextPassword, data: { changed: true } };
    expectRefusal(await change(refreshed, body), 400, "reauthentication_needed");
    expectRefusal(
      await change(refreshed, { ...body, current_password: "not the password" }),
      400,
      "current_password_invalid",
    );
    await expectUnchanged(session);
    const reply = await change(refreshed, { ...body, current_password: goodPassword });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ user_metadata: { changed: true } });
    expect((await signIn(session, nextPassword)).status).toBe(200);
  });

  it("judges a current password that is given, even where none is asked for", async () => {
    const session = await project.signUp();
    const body = { password: nextPassword, current_password: "not the password" };
    expectRefusal(await change(session, body), 400, "current_password_invalid");
    await expectUnchanged(session);
  });

  it("always asks for the current password under `current_password`, and never under `any` (case 7)", async () => {
    const strict = await createTestProject({ password_change: "current_password" });
    const lax = await createTestProject({ password_change: "any" });
    const patch = (at: TestProject, session: SessionReply, body: object) =>
      at.request("/user", { method: "PATCH", body, token: session.access_token });

    const fresh = await strict.signUp();
    const refused = await patch(strict, fresh, { password: nextPassword });
    expectRefusal(refused, 400, "reauthentication_needed");
    const both = { password: nextPassword, current_password: goodPassword };
    expect((await patch(strict, fresh, both)).status).toBe(200);

    const old = await lax.signUp();
    await ageSession(lax, sessionIdOf(old), "90 days");
    expect((await patch(lax, old, { password: nextPassword })).status).toBe(200);
  });

  it("refuses the old password, and a weak or impossible one, for what they are (cases 1, 4 and 6)", async () => {
    const session = await project.signUp({ email: "ann.porter@example.org" });
    expectRefusal(await change(session, { password: goodPassword }), 422, "same_password");
    const weak: [string, string][] = [
      ["xk3qz7w", "length"],
      ["", "length"],
      ["Password123", "pwned"],
      ["AnnPorter1!", "pwned"],
      [project.id, "pwned"],
    ];
    for (const [password, reason] of weak) {
      for (const method of ["PATCH", "PUT"]) {
        const reply = await change(session, { password }, { method });
        expectRefusal(reply, 422, "weak_password");
        expect(reply.body).toMatchObject({ weak_password: { reasons: [reason] } });
      }
    }
    // The address that the same request asks for is a word to guess by, too.
    const both = { email: "carla.miller@example.org", password: "CarlaMiller2026" };
    expectRefusal(await change(session, both), 422, "weak_password");
    for (const password of ["abc\0def12345", "x".repeat(4_097), 12345678]) {
      expectRefusal(await change(session, { password }), 400, "validation_failed");
      const body = { password: nextPassword, current_password: password };
      expectRefusal(await change(session, body), 400, "validation_failed");
    }
    expect(await queuedMail(project, both.email)).toEqual([]);
    await expectUnchanged(session);
  });

  it("tells who holds a token nothing of the password without changing it", async () => {
    const session = await project.signUp();
    const data = { text: "x".repeat(3_000) };
    const email = freshEmail();
    expect((await change(session, { email })).status).toBe(200);
    for (const [rest, status] of [
      [{ data }, 400],
      [{ email }, 429],
    ] as const) {
      const right = await change(session, { password: goodPassword, ...rest });
      const wrong = await change(session, { password: nextPassword, ...rest });
      expect(wrong.status).toBe(status);
      expect([right.status, right.body]).toEqual([wrong.status, wrong.body]);
    }
    await expectUnchanged(session);
  });

  it("counts a wrong current password like a failed sign-in, in one budget (case 13)", async () => {
    const strict = await createTestProject({ login_failures_before_wait: 2 });
    const session = await strict.signUp();
    const { email } = session.user;
    const changeBy = (current_password?: string, password = nextPassword) =>
      strict.request("/user", {
        method: "PATCH",
        body: { password, current_password },
        token: session.access_token,
      });
    const signInBy = (password: string) => strict.post("/token", { email, password });

    expectRefusal(await signInBy("not the password"), 400, "invalid_credentials");
    // A right one costs nothing and ends the row of failures, as a sign-in does.
    expectRefusal(await changeBy(goodPassword, goodPassword), 422, "same_password");
    expectRefusal(await signInBy("not the password"), 400, "invalid_credentials");
    expectRefusal(await changeBy("not the password"), 400, "current_password_invalid");
    const waiting = await changeBy(goodPassword);
    expectRefusal(waiting, 429, "over_request_rate_limit");
    expect(Number(waiting.headers.get("Retry-After"))).toBeGreaterThan(0);
    expectRefusal(await signInBy(goodPassword), 429, "over_request_rate_limit");
    // What is no guess is not counted: a stranger's failures cannot keep the user from this.
    expect((await changeBy()).status).toBe(200);
  });

  it("lets who holds a token compare ten guesses when the application refuses changes (case 13)", async () => {
    const guarded = await createTestProject({ password_change: "recent" });
    const session = await guarded.signUp();
    await guarded.sql(`create function refuse() returns trigger language plpgsql
      as $$ begin raise exception 'Not today'; end $$`);
    await guarded.sql(
      "create trigger refuse after update of user_metadata on users for each row execute function refuse()",
    );
    const guess = (password: string) =>
      guarded.request("/user", {
        method: "PATCH",
        body: { password },
        token: session.access_token,
      });
    for (let n = 1; n < 10; n += 1) {
      expectRefusal(await guess(`${nextPassword} ${n}`), 422, "refused_by_application");
    }
    expectRefusal(await guess(goodPassword), 422, "same_password");
    const waiting = await guess(goodPassword);
    expectRefusal(waiting, 429, "over_request_rate_limit");
    expect(Number(waiting.headers.get("Retry-After"))).toBeGreaterThan(0);
    // The user's own sign-in has a budget of its own.
    const { email } = session.user;
    const signedIn = await guarded.post("/token", { email, password: goodPassword });
    expect(signedIn.status).toBe(200);
    await guarded.sql("drop trigger refuse on users");
    expectRefusal(await guess(nextPassword), 429, "over_request_rate_limit");
  });

  it("costs nothing when it is made, however often, and nothing when it may not be made", async () => {
    const strict = await createTestProject({
      login_failures_before_wait: 2,
      login_guesses_per_day: 2,
    });
    const session = await strict.signUp();
    const patch = (password: string, token = session.access_token) =>
      strict.request("/user", { method: "PATCH", body: { password }, token });
    for (const n of [1, 2, 3, 4, 5]) expect((await patch(`${nextPassword} ${n}`)).status).toBe(200);
    expect(await strict.sql("select failures, day_guesses from guess_budgets")).toEqual([
      { failures: 0, day_guesses: 0 },
    ]);
    await ageSession(strict, sessionIdOf(session), "25 hours");
    const { body } = await strict.post<SessionReply>("/refresh", {
      refresh_token: session.refresh_token,
    });
    for (const _ of [1, 2, 3, 4, 5]) {
      expectRefusal(await patch(nextPassword, body.access_token), 400, "reauthentication_needed");
    }
    expect(await strict.sql("select failures, day_guesses from guess_budgets")).toEqual([
      { failures: 0, day_guesses: 0 },
    ]);
  });

  it("compares nothing without a guess that was paid for", async () => {
    const session = await project.signUp();
    const proof = "sha256(convert_to(password_hash, 'UTF8'))";
    const [row] = await project.sql(
      `select update_user($1, id, null, null, null, password_hash, gen_random_uuid(), null, ${proof}, null, null, null)
         ->> 'outcome' as outcome from users where id = $2`,
      [sessionIdOf(session), session.user.id],
    );
    expect(row).toEqual({ outcome: "reauthentication_needed" });
  });

  it("goes with the user, with all that was counted of it", async () => {
    const { user, access_token: token } = await project.signUp();
    await change({ user, access_token: token } as SessionReply, { password: goodPassword });
    const counted = () =>
      project.sql("select from guess_budgets where subject = user_subject($1)", [user.id]);
    expect(await counted()).toHaveLength(1);
    expect((await project.request("/user", { method: "DELETE", token })).status).toBe(204);
    expect(await counted()).toEqual([]);
  });
});
