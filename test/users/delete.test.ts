import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { ageSession, sessionIdOf } from "../support/age.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

describe("a user who deletes itself", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject({ login_failures_before_wait: 3 });
  });

  const remove = ({ access_token: token }: SessionReply, body?: unknown) =>
    project.request("/user", { method: "DELETE", token, ...(body === undefined ? {} : { body }) });
  const signIn = ({ user: { email } }: SessionReply, password = goodPassword) =>
    project.post<SessionReply>("/token", { email, password });
  const insertMailedToken = ({ user }: SessionReply) =>
    project.sql(
      `insert into one_time_tokens (user_id, purpose, email, token_hash, expires_at)
       values ($1, 'recovery', $2, sha256(convert_to($2, 'UTF8')), now() + interval '1 hour')`,
      [user.id, user.email],
    );

  /** The rows that lead to a user, by table. */
  async function traces(session: SessionReply, sessionIds: string[]) {
    const [row] = await project.sql(
      `select
         (select count(*)::int from users where id = $1) as users,
         (select count(*)::int from identities where user_id = $1) as identities,
         (select count(*)::int from sessions where user_id = $1) as sessions,
         (select count(*)::int from refresh_tokens t
           where t.session_id = any ($3::uuid[])) as refresh_tokens,
         (select count(*)::int from one_time_tokens where user_id = $1) as one_time_tokens,
         (select count(*)::int from miosa_auth.outbox where user_id = $1) as queued_mails,
         (select count(*)::int from guess_budgets
           where subject = sha256(convert_to($2, 'UTF8'))) as guess_budgets`,
      [session.user.id, session.user.email, sessionIds],
    );
    return row;
  }

  it("is gone with all that is its own, and nobody else is", async () => {
    const session = await project.signUp();
    const other = (await signIn(session)).body;
    const bystander = await project.signUp();
    await insertMailedToken(session);
    await insertMailedToken(bystander);
    const sessionIds = [session, other].map(sessionIdOf);
    expect(await traces(session, sessionIds)).toEqual({
      users: 1,
      identities: 1,
      sessions: 2,
      refresh_tokens: 2,
      // Of the sign-up, and the one that was inserted.
      one_time_tokens: 2,
      queued_mails: 1,
      guess_budgets: 1,
    });

    const reply = await remove(session);
    expect([reply.status, reply.body]).toEqual([204, null]);
    expect(await traces(session, sessionIds)).toEqual({
      users: 0,
      identities: 0,
      sessions: 0,
      refresh_tokens: 0,
      one_time_tokens: 0,
      queued_mails: 0,
      guess_budgets: 0,
    });

    for (const { access_token: token, refresh_token } of [session, other]) {
      expect(await project.request("/user", { token })).toMatchObject({
        status: 401,
        body: { error_code: "user_not_found" },
      });
      expect(await project.post("/refresh", { refresh_token })).toMatchObject({
        status: 400,
        body: { error_code: "refresh_token_not_found" },
      });
    }
    expect((await signIn(session)).body).toMatchObject({ error_code: "invalid_credentials" });
    expect((await remove(session)).body).toMatchObject({ error_code: "user_not_found" });

    expect((await project.request("/user", { token: bystander.access_token })).status).toBe(200);
    expect(await project.sql("select distinct user_id from one_time_tokens")).toEqual([
      { user_id: bystander.user.id },
    ]);
    expect(
      await project.sql("select event from audit_log where user_id = $1 order by id", [
        session.user.id,
      ]),
    ).toEqual(["signed_up", "logged_in", "user_deleted"].map((event) => ({ event })));

    const again = await project.signUp({ email: session.user.email });
    expect(again.user.id).not.toBe(session.user.id);
  });

  it("has signed in within 24 hours or gives the current password, and else stays (case 7)", async () => {
    const session = await project.signUp();
    await ageSession(project, sessionIdOf(session), "24 hours");
    for (const body of [undefined, {}, { current_password: null }]) {
      expect(await remove(session, body)).toMatchObject({
        status: 400,
        body: { error_code: "reauthentication_needed" },
      });
    }
    expect(await remove(session, { current_password: "not the password" })).toMatchObject({
      status: 400,
      body: { error_code: "current_password_invalid" },
    });
    expect((await project.request("/user", { token: session.access_token })).status).toBe(200);
    expect((await remove(session, { current_password: goodPassword })).status).toBe(204);
    expect((await project.request("/user", { token: session.access_token })).status).toBe(401);
  });

  it("is not deleted by a recent session when the password that comes with it is wrong", async () => {
    const session = await project.signUp();
    for (const current_password of ["not the password", ""]) {
      const reply = await remove(session, { current_password });
      expect(reply.body).toMatchObject({ error_code: "current_password_invalid" });
    }
    expect((await remove(session, { current_password: "with\0NUL" })).status).toBe(400);
    expect((await signIn(session)).status).toBe(200);
  });

  it("is not found out by guessing: a wrong current password counts like a failed sign-in (case 13)", async () => {
    const session = await project.signUp();
    const wrong = { current_password: "not the password" };
    await remove(session, wrong);
    await signIn(session, "not the password");
    await remove(session, wrong);

    const waiting = await remove(session, { current_password: goodPassword });
    expect(waiting).toMatchObject({
      status: 429,
      body: { error_code: "over_request_rate_limit" },
    });
    expect(Number(waiting.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await signIn(session)).status).toBe(429);
  });

  it("needs a live session for it", async () => {
    const session = await project.signUp();
    expect((await project.request("/user", { method: "DELETE" })).status).toBe(401);
    await project.post("/logout", {}, { token: session.access_token });
    expect(await remove(session, { current_password: goodPassword })).toMatchObject({
      status: 401,
      body: { error_code: "session_not_found" },
    });
    expect((await signIn(session)).status).toBe(200);
  });
});
