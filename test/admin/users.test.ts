import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createUser } from "../../src/users/create.ts";
import {
  banUser,
  deleteUser,
  listUserSessions,
  revokeUserSessions,
  showUser,
  unbanUser,
} from "../../src/users/manage.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject({ signup_enabled: false });
});

const admin = () => project.service.admin;
const signIn = (email: string, password = goodPassword) =>
  project.post<SessionReply>("/token", { email, password });

function events(id: string): Promise<object[]> {
  return project.sql(
    "select event, detail ->> 'by' <> '' as by from audit_log where user_id = $1 and detail ? 'by' order by id",
    [id],
  );
}

describe("a user made by an administrator", () => {
  it("signs in by the password, also where sign-up is off, and has the data and the one identity", async () => {
    const user = await createUser(admin(), project.id, {
      email: "Ann.Smith@Example.ORG",
      password: goodPassword,
      confirmed: true,
      data: { plan: "gold", role: "admin" },
    });
    expect(user).toMatchObject({
      email: "ann.smith@example.org",
      role: "authenticated",
      user_metadata: { plan: "gold", role: "admin" },
      app_metadata: { provider: "email", providers: ["email"] },
      email_confirmed_at: user.created_at,
      identities: [{ provider: "email", id: user.id, identity_data: { email_verified: true } }],
    });
    expect(await listUserSessions(admin(), project.id, user.id)).toEqual([]);
    const { status, body } = await signIn("ann.smith@example.org");
    expect([status, body.user.id]).toEqual([200, user.id]);
    const [row] = await project.sql("select email_as_typed from users where id = $1", [user.id]);
    expect(row).toEqual({ email_as_typed: "Ann.Smith@Example.ORG" });
  });

  it("may have no password, and then signs in by none; is not confirmed unless said", async () => {
    const user = await createUser(admin(), project.id, { email: "bob@example.org" });
    expect(user).not.toHaveProperty("email_confirmed_at");
    expect(user.user_metadata).toEqual({});
    for (const password of ["x", goodPassword]) {
      expect(await signIn("bob@example.org", password)).toMatchObject({
        status: 400,
        body: { error_code: "invalid_credentials" },
      });
    }
  });

  it.each([
    ["an address that is taken", { email: "ANN.smith@example.org" }, "user_already_exists"],
    ["an address that is none", { email: "ann" }, "validation_failed"],
    ["an address that resembles one", { email: "ann.sm\u0131th@example.org" }, "validation_failed"],
    ["two addresses", { email: "c@example.org,d@example.org" }, "validation_failed"],
    ["a short password", { email: "c@example.org", password: "short" }, "weak_password"],
    ["an empty password", { email: "c@example.org", password: "" }, "weak_password"],
    ["a common password", { email: "c@example.org", password: "password123" }, "weak_password"],
    [
      "the address for a password",
      { email: "carla@example.org", password: "carla2026" },
      "weak_password",
    ],
    [
      "a password with NUL",
      { email: "c@example.org", password: "a\0bcdefghij" },
      "validation_failed",
    ],
    [
      "data over its size",
      { email: "c@example.org", data: { a: "x".repeat(2048) } },
      "validation_failed",
    ],
    ["data with NUL", { email: "c@example.org", data: { a: "\0" } }, "validation_failed"],
  ])("is refused with %s, and nobody is made", async (_, input, code) => {
    const before = await project.sql("select count(*) from users");
    await expect(createUser(admin(), project.id, input)).rejects.toMatchObject({ code });
    expect(await project.sql("select count(*) from users")).toEqual(before);
  });
});

describe("what an administrator does with a user", () => {
  it("is said by id or by address in any case, and by nothing else", async () => {
    const byAddress = await showUser(admin(), project.id, "Ann.Smith@EXAMPLE.org");
    expect(await showUser(admin(), project.id, byAddress.id.toUpperCase())).toEqual(byAddress);
    expect(byAddress.email).toBe("ann.smith@example.org");
    const resembling = [
      "ann.sm\u0131th@example.org",
      "ann.\u017fmith@example.org",
      "ann.smith@example.org.",
    ];
    for (const who of ["", "ann", "ann.smith@example.org' or true --", ...resembling]) {
      await expect(showUser(admin(), project.id, who)).rejects.toMatchObject({
        code: "validation_failed",
      });
    }
  });

  it("is refused for a user that is not there (user_not_found)", async () => {
    const other = await createTestProject();
    const stranger = await other.signUp();
    for (const who of [stranger.user.id, stranger.user.email]) {
      for (const call of [
        () => showUser(admin(), project.id, who),
        () => banUser(admin(), project.id, who, "forever"),
        () => unbanUser(admin(), project.id, who),
        () => deleteUser(admin(), project.id, who),
        () => listUserSessions(admin(), project.id, who),
        () => revokeUserSessions(admin(), project.id, who),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: "user_not_found", status: 404 });
      }
    }
    expect(await other.sql("select banned_until from users")).toEqual([{ banned_until: null }]);
  });

  it("bans for a time or for ever, and lifts the ban: sessions of before count again", async () => {
    const { user, ...session } = (await signIn("ann.smith@example.org")).body;
    const own = () => project.request("/user", { token: session.access_token });
    const banned = await banUser(admin(), project.id, user.id, 3600);
    const wait = Date.parse(String(banned.banned_until)) - Date.now();
    expect(wait / 60_000).toBeGreaterThan(55);
    expect(wait / 60_000).toBeLessThan(65);
    expect(await own()).toMatchObject({ status: 401, body: { error_code: "user_banned" } });
    expect((await signIn(user.email)).status).toBe(400);

    const forever = await banUser(admin(), project.id, user.email, "forever");
    expect(new Date(String(forever.banned_until)).getFullYear()).toBeGreaterThan(2100);
    const free = await unbanUser(admin(), project.id, user.id);
    expect(free).not.toHaveProperty("banned_until");
    expect((await own()).status).toBe(200);
    for (const seconds of [0, -1, 1.5, 10 ** 12]) {
      await expect(banUser(admin(), project.id, user.id, seconds)).rejects.toMatchObject({
        code: "validation_failed",
      });
    }
  });

  it("lists the live sessions, newest first, and ends all of them", async () => {
    const { user, ...newest } = (await signIn("ann.smith@example.org")).body;
    const sessions = await listUserSessions(admin(), project.id, user.email);
    expect(sessions.length).toBeGreaterThan(1);
    const ids = await project.sql(
      "select id from sessions where user_id = $1 order by created_at desc",
      [user.id],
    );
    expect(sessions.map(({ id }) => id)).toEqual(ids.map(({ id }) => id));
    expect(sessions[0]).not.toHaveProperty("current");

    expect(await revokeUserSessions(admin(), project.id, user.id)).toBe(sessions.length);
    expect(await listUserSessions(admin(), project.id, user.id)).toEqual([]);
    expect(await revokeUserSessions(admin(), project.id, user.id)).toBe(0);
    const { refresh_token } = newest;
    expect(await project.post("/refresh", { refresh_token })).toMatchObject({
      status: 400,
      body: { error_code: "session_not_found" },
    });
  });

  it("deletes all that is the user's own, and the log keeps who did what", async () => {
    const { user } = (await signIn("ann.smith@example.org")).body;
    await signIn("ann.smith@example.org", "a wrong password");
    expect(await deleteUser(admin(), project.id, "ann.smith@example.org")).toBe(user.id);
    const [left] = await project.sql(
      `select (select count(*) from users where id = $1)::int as users,
         (select count(*) from sessions where user_id = $1)::int as sessions,
         (select count(*) from identities where user_id = $1)::int as identities,
         (select count(*) from guess_budgets)::int as budgets_of_the_other`,
      [user.id],
    );
    expect(left).toEqual({ users: 0, sessions: 0, identities: 0, budgets_of_the_other: 1 });
    expect(await events(user.id)).toEqual(
      [
        "user_created",
        "user_banned",
        "user_banned",
        "user_unbanned",
        "sessions_revoked",
        "sessions_revoked",
        "user_deleted",
      ].map((event) => ({ event, by: true })),
    );
  });
});

describe("the functions of an administrator", () => {
  it("are the server's to call by no grant yet", async () => {
    const rights = await project.sql(
      `select p.proname::text as name from pg_proc p
       where p.pronamespace = to_regnamespace($1) and p.proname like 'admin%'
         and has_function_privilege('miosa_auth_runtime', p.oid, 'execute')`,
      [project.id],
    );
    expect(rights).toEqual([]);
  });
});
