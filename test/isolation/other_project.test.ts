import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  banUser,
  deleteUser,
  listUserSessions,
  revokeUserSessions,
  showUser,
} from "../../src/users/manage.ts";
import { contentsOf } from "../support/contents.ts";
import { claimsOf, craftToken, headerOf } from "../support/jwt.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { createTwin, type Twin } from "../support/twin.ts";

let project: TestProject;
let session: SessionReply;
/** The same user and session, by their ids, under another secret. */
let twin: Twin;
/** The same again, under the very same secret. */
let sameSecret: Twin;

beforeAll(async () => {
  project = await createTestProject();
  session = await project.signUp();
  twin = await createTwin(project, session.access_token);
  const { jwtSecret } = project;
  sameSecret = await createTwin(project, session.access_token, { jwtSecret });
});

/** What `(select <helper>())` says in a project while `token` is the caller's. */
async function identity(owner: TestProject, helper: string, token: string): Promise<unknown> {
  return owner.transaction(async (query) => {
    await query("select set_config('jwt.token', $1, true)", [token]);
    const [row] = await query<{ id: unknown }>(`select ${helper}() as id`);
    return row?.id;
  });
}

describe("a token of another project", () => {
  it("is refused by its signature, though user and session have the same ids (cases 50, 125)", async () => {
    const { sub, session_id: sessionId } = claimsOf(session.access_token);
    expect(claimsOf(twin.session.access_token)).toMatchObject({ sub, session_id: sessionId });
    for (const [owner, token] of [
      [twin.project, session.access_token],
      [project, twin.session.access_token],
    ] as const) {
      const { status, body } = await owner.request("/user", { token });
      expect({ status, code: body.error_code }).toEqual({ status: 401, code: "bad_jwt" });
    }
    for (const [owner, { access_token: token }] of [
      [project, session],
      [twin.project, twin.session],
    ] as const) {
      expect((await owner.request("/user", { token })).status).toBe(200);
    }
  });

  it("is refused by its issuer where both have the same secret (case 50)", async () => {
    expect(sameSecret.project.jwtSecret).toBe(project.jwtSecret);
    for (const [owner, other] of [
      [sameSecret.project, session.access_token],
      [project, sameSecret.session.access_token],
    ] as const) {
      const withoutKid = craftToken({ payload: claimsOf(other), sign: project.jwtSecret });
      for (const token of [other, withoutKid]) {
        for (const path of ["/user", "/sessions"]) {
          const { status, body } = await owner.request(path, { token });
          expect({ status, code: body.error_code }).toEqual({ status: 401, code: "bad_jwt" });
        }
      }
    }
  });

  it("proves no one to SQL, even re-signed for this project (cases 50, 125)", async () => {
    const { access_token: token } = session;
    for (const helper of ["verified_uid", "live_uid"]) {
      expect(await identity(project, helper, token)).toBe(session.user.id);
      for (const other of [twin, sameSecret]) {
        const resigned = craftToken({
          header: headerOf(other.session.access_token),
          payload: { ...claimsOf(token), iss: other.project.authUrl },
          sign: other.project.jwtSecret,
        });
        expect(await identity(other.project, helper, token)).toBeNull();
        expect(await identity(other.project, helper, resigned)).toBeNull();
        expect(await identity(other.project, helper, other.session.access_token)).toBe(
          session.user.id,
        );
      }
    }
  });

  it("ends nothing: not by logout, and not by a session's id (case 125)", async () => {
    const before = await contentsOf(twin.project);
    const other = await twin.project.signUp();
    const { session_id: foreign } = claimsOf(other.access_token);
    const token = session.access_token;
    const { status } = await project.request(`/sessions/${foreign}`, { method: "DELETE", token });
    expect(status).toBe(404);
    expect((await project.request("/logout?scope=others", { method: "POST", token })).status).toBe(
      204,
    );
    expect((await twin.project.request("/user", { token: other.access_token })).status).toBe(200);
    const after = await contentsOf(twin.project);
    expect(after.sessions).toEqual(expect.arrayContaining(before.sessions ?? []));
  });

  it("does not choose the project: the path alone does (case 164)", async () => {
    const { access_token: token } = session;
    const headers = {
      Host: `${twin.project.id}.auth.test`,
      "X-Forwarded-Host": `${twin.project.id}.auth.test`,
      "X-Forwarded-Prefix": `/${twin.project.id}`,
      "X-Project-Id": twin.project.id,
      "X-JWT-AUD": twin.project.id,
      "X-Original-URL": `/${twin.project.id}/user`,
    };
    const query = `?project_id=${twin.project.id}`;
    expect((await project.request(`/user${query}`, { token, headers })).status).toBe(200);
    const foreign = twin.session.access_token;
    expect((await project.request(`/user${query}`, { token: foreign, headers })).status).toBe(401);
  });
});

describe("one address in two projects", () => {
  it("is two users, with passwords and failures of their own (case 125)", async () => {
    const email = freshEmail();
    const here = await project.signUp({ email });
    const there = await twin.project.signUp({ email, password: "quite another long phrase" });
    expect(here.user.id).not.toBe(there.user.id);

    const crossed = await twin.project.post("/token", { email, password: goodPassword });
    expect({ status: crossed.status, code: crossed.body.error_code }).toEqual({
      status: 400,
      code: "invalid_credentials",
    });
    await twin.project.sql("update guess_budgets set blocked_until = now() + interval '1 hour'");
    expect((await twin.project.post("/token", { email, password: "x" })).status).toBe(429);
    expect((await project.post("/token", { email, password: goodPassword })).status).toBe(200);
  });
});

describe("an administrator's command on one project", () => {
  it("finds nobody by an id or an address of another's, and changes nothing there (case 125)", async () => {
    const { admin } = project.service;
    const { user } = await twin.project.signUp();
    const before = await contentsOf(twin.project);
    for (const who of [user.id, user.email]) {
      for (const act of [showUser, listUserSessions, revokeUserSessions, deleteUser]) {
        await expect(act(admin, project.id, who)).rejects.toMatchObject({ code: "user_not_found" });
      }
      const ban = banUser(admin, project.id, who, 3_600);
      await expect(ban).rejects.toMatchObject({ code: "user_not_found" });
    }
    expect(await contentsOf(twin.project)).toEqual(before);
  });

  it("leaves a user of the same id in another alone (case 125)", async () => {
    const { admin } = project.service;
    const own = await project.signUp();
    const same = await createTwin(project, own.access_token);
    const before = await contentsOf(same.project);
    await banUser(admin, project.id, own.user.id, 3_600);
    await revokeUserSessions(admin, project.id, own.user.id);
    await deleteUser(admin, project.id, own.user.id);
    expect(await contentsOf(same.project)).toEqual(before);
    const token = same.session.access_token;
    expect((await same.project.request("/user", { token })).status).toBe(200);
  });
});
