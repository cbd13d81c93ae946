import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

describe("a banned user (case 15)", () => {
  let project: TestProject;
  let session: SessionReply;

  beforeAll(async () => {
    project = await createTestProject();
    session = await project.signUp();
  });

  const ban = (until: string) =>
    project.sql("update users set banned_until = clock_timestamp() + $1::interval", [until]);
  const refresh = () =>
    project.post<SessionReply>("/refresh", { refresh_token: session.refresh_token });
  const signIn = () =>
    project.post("/token", { email: session.user.email, password: goodPassword });

  it("is refused on every way in and with every token, until the ban is over", async () => {
    await ban("1 hour");
    expect(await refresh()).toMatchObject({ status: 400, body: { error_code: "user_banned" } });
    expect(await signIn()).toMatchObject({ status: 400, body: { error_code: "user_banned" } });

    const { access_token: token } = session;
    const bearerCalls = [
      { path: "/user", method: "GET" },
      { path: "/user", method: "PATCH", body: { data: { a: 1 } } },
      { path: "/user", method: "PATCH", body: { password: "an entirely new phrase" } },
      { path: "/user", method: "DELETE" },
      { path: "/sessions", method: "GET" },
    ];
    for (const { path, ...options } of bearerCalls) {
      expect(await project.request(path, { ...options, token })).toMatchObject({
        status: 401,
        body: { error_code: "user_banned" },
      });
    }
    expect(await project.sql("select user_metadata, password_changed_at from users")).toEqual([
      { user_metadata: {}, password_changed_at: null },
    ]);

    await ban("-1 second");
    expect((await signIn()).status).toBe(200);
    expect((await project.request("/user", { token })).status).toBe(200);
    expect((await refresh()).status).toBe(200);
  });

  it("opened no session by trying, and the try is in the audit log", async () => {
    await ban("1 hour");
    const before = await project.sql("select id from sessions");
    await signIn();
    expect(await project.sql("select id from sessions")).toEqual(before);
    expect(
      await project.sql("select event, user_id, detail from audit_log order by id desc limit 1"),
    ).toEqual([
      { event: "login_refused", user_id: session.user.id, detail: { code: "user_banned" } },
    ]);
  });
});
