import { describe, expect, it } from "vitest";
import { createTestProject } from "../support/project.ts";
import { insertUser, openSession, refresh, rotate } from "../support/sessions.ts";

const project = await createTestProject();

async function openTwo() {
  const userId = await insertUser(project);
  const open = async () => rotate(project, (await openSession(project, userId)).refreshToken);
  return { userId, sessions: [await open(), await open()] };
}

function user(token: string) {
  return project.request("/user", { token });
}

describe("every session of a user (case 39)", () => {
  it("is refused while the user is banned, on refresh and with the access token", async () => {
    const { userId, sessions } = await openTwo();
    await project.sql("update users set banned_until = now() + interval '1 day' where id = $1", [
      userId,
    ]);
    for (const { refresh_token, access_token } of sessions) {
      expect(await refresh(project, refresh_token)).toMatchObject({
        status: 400,
        body: { error_code: "user_banned" },
      });
      expect(await user(access_token)).toMatchObject({
        status: 401,
        body: { error_code: "user_banned" },
      });
      expect((await project.request("/sessions", { token: access_token })).status).toBe(401);
    }
  });

  it("is live again when the ban is over, with the token that was refused", async () => {
    const { userId, sessions } = await openTwo();
    const [first] = sessions;
    await project.sql("update users set banned_until = now() + interval '1 hour' where id = $1", [
      userId,
    ]);
    expect((await refresh(project, first?.refresh_token ?? "")).status).toBe(400);
    await project.sql("update users set banned_until = now() where id = $1", [userId]);
    expect((await refresh(project, first?.refresh_token ?? "")).status).toBe(200);
    expect((await user(first?.access_token ?? "")).status).toBe(200);
  });

  it("can still be logged out while the user is banned", async () => {
    const { userId, sessions } = await openTwo();
    await project.sql("update users set banned_until = 'infinity' where id = $1", [userId]);
    const { status } = await project.request("/logout", {
      method: "POST",
      token: sessions[0]?.access_token ?? "",
    });
    expect(status).toBe(204);
    const rows = await project.sql("select revoked_because from sessions where user_id = $1", [
      userId,
    ]);
    expect(rows).toEqual([{ revoked_because: "logout" }, { revoked_because: "logout" }]);
  });

  it("is gone with the user", async () => {
    const { userId, sessions } = await openTwo();
    await project.sql("delete from users where id = $1", [userId]);
    for (const { refresh_token, access_token } of sessions) {
      expect(await refresh(project, refresh_token)).toMatchObject({
        status: 400,
        body: { error_code: "refresh_token_not_found" },
      });
      expect(await user(access_token)).toMatchObject({
        status: 401,
        body: { error_code: "user_not_found" },
      });
    }
    const left = await project.sql("select from sessions where user_id = $1", [userId]);
    expect(left).toEqual([]);
  });
});
