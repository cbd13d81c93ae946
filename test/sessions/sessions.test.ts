import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ageSession } from "../support/age.ts";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";
import { endOf, insertUser, openSession, refresh, rotate } from "../support/sessions.ts";

interface Listed {
  readonly id: string;
  readonly current: boolean;
}

const project = await createTestProject();

async function open(userId: string) {
  const session = await openSession(project, userId);
  return { id: session.id, ...(await rotate(project, session.refreshToken)) };
}

function list(token: string) {
  return project.request<Listed[]>("/sessions", { token });
}

function end(id: string, token: string) {
  return project.request(`/sessions/${id}`, { method: "DELETE", token });
}

describe("the list of sessions", () => {
  it("shows the user's live ones, newest first, and which is the caller's", async () => {
    const userId = await insertUser(project);
    const old = await openSession(project, userId);
    await ageSession(project, old.id, "2 days");
    const { access_token } = await rotate(project, old.refreshToken, {
      address: "2001:db8::1",
      headers: { "User-Agent": "Phone" },
    });
    const other = await open(userId);
    const ended = await open(userId);
    await end(ended.id, access_token);
    await open(await insertUser(project));

    const { status, body } = await list(access_token);
    expect(status).toBe(200);
    expect(body).toEqual([
      expect.objectContaining({ id: other.id, current: false, ip: null, user_agent: null }),
      {
        id: old.id,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*Z$/),
        last_active_at: expect.stringMatching(/Z$/),
        user_agent: "Phone",
        ip: "2001:db8::1",
        aal: "aal1",
        current: true,
      },
    ]);
  });

  it("holds no session that has expired", async () => {
    const own = await createTestProject({ session_idle_timeout: 3600 });
    const userId = await insertUser(own);
    const idle = await openSession(own, userId);
    await ageSession(own, idle.id, "2 hours");
    const { access_token } = await rotate(own, (await openSession(own, userId)).refreshToken);
    const { body } = await own.request<Listed[]>("/sessions", { token: access_token });
    expect(body.map(({ current }) => current)).toEqual([true]);
  });
});

describe("the end of one session", () => {
  it("by its id bites at once, and ends no other", async () => {
    const userId = await insertUser(project);
    const [here, there] = [await open(userId), await open(userId)];
    expect(await end(there.id, here.access_token)).toMatchObject({ status: 204, body: null });

    expect(await endOf(project, there.id)).toBe("revoked_by_user");
    expect((await refresh(project, there.refresh_token)).status).toBe(400);
    expect((await list(there.access_token)).status).toBe(401);
    expect((await list(here.access_token)).body).toMatchObject([{ id: here.id, current: true }]);
    expect((await end(there.id, here.access_token)).status).toBe(404);
  });

  it("may be that of the caller itself", async () => {
    const here = await open(await insertUser(project));
    expect((await end(here.id, here.access_token)).status).toBe(204);
    expect((await end(here.id, here.access_token)).status).toBe(401);
  });

  it("is 404 alike for another user's session, an unknown one and what is no id", async () => {
    const here = await open(await insertUser(project));
    const stranger = await open(await insertUser(project));
    const ids = [stranger.id, randomUUID(), "1", "garbage", "%00", "' or true --", "null"];
    const replies = await Promise.all(ids.map((id) => end(encodeURI(id), here.access_token)));
    const [first] = replies;
    expect(first).toMatchObject({ status: 404, body: { error_code: "session_not_found" } });
    for (const { status, body } of replies)
      expect({ status, body }).toEqual({ status: 404, body: first?.body });
    expect(await endOf(project, stranger.id)).toBeNull();
  });
});

describe("the number of sessions a user may have (case 45)", () => {
  it("is held by ending the oldest at each sign-in", async () => {
    const own = await createTestProject({ sessions_per_user: 3 });
    const email = freshEmail();
    const tokens = [await own.signUp({ email })];
    for (let signIn = 0; signIn < 4; signIn += 1) {
      const { status, body } = await own.post("/token", { email, password: goodPassword });
      expect(status).toBe(200);
      tokens.push(body as unknown as (typeof tokens)[number]);
    }
    const statuses = [];
    for (const { refresh_token } of tokens) {
      statuses.push((await refresh(own, refresh_token)).status);
    }
    expect(statuses).toEqual([400, 400, 200, 200, 200]);
    const ended = await own.sql(
      "select revoked_because from sessions where revoked_at is not null",
    );
    expect(ended).toEqual(Array(2).fill({ revoked_because: "too_many_sessions" }));
  });

  it("is 100 unless set otherwise, whatever was there before", async () => {
    const email = freshEmail();
    const { user } = await project.signUp({ email });
    await project.sql(
      `insert into sessions (user_id, created_at)
       select $1, now() - n * interval '1 minute' from generate_series(1, 1000) n`,
      [user.id],
    );
    const { body } = await project.post("/token", { email, password: goodPassword });
    const listed = await list(String(body.access_token));
    expect(listed.body).toHaveLength(100);
    expect(listed.body[0]).toMatchObject({ current: true });
    const [oldest] = await project.sql(
      `select extract(epoch from now() - min(created_at)) < 100 * 60 as young
       from sessions where user_id = $1 and revoked_at is null`,
      [user.id],
    );
    expect(oldest).toEqual({ young: true });
  });
});
