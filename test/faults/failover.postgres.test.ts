import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { banUser } from "../../src/users/manage.ts";
import { signOutUsers } from "../../src/users/sign_out.ts";
import { goodPassword, type Reply, type TestProject } from "../support/project.ts";
import { openReplicatedServer, type ReplicatedServer } from "../support/replicated_server.ts";
import { endOf, openSession, refresh, rotate } from "../support/sessions.ts";

let opened: ReplicatedServer | undefined;
afterEach(() => opened?.close());

async function open(options: { synchronous: boolean }) {
  const servers = await openReplicatedServer(options);
  opened = servers;
  return { servers, project: servers.project };
}

/** Asks until Postgres is there again: a failover may cost 503s, and nothing else. */
async function patiently<T>(ask: () => Promise<Reply<T>>): Promise<Reply<T>> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const reply = await ask();
    if (reply.status !== 503) return reply;
    await sleep(50);
  }
  throw new Error("the service did not follow");
}

const signIn = (project: TestProject, email: string, password: string) =>
  patiently(() => project.post("/token", { email, password }));
const logOut = (project: TestProject, refreshToken: string) =>
  project.post("/logout", { refresh_token: refreshToken });
const newPassword = "another perfectly fine phrase";

describe("failover to a synchronous standby", () => {
  it("keeps every logout, rotation, ban, sign-up and change of password that was acknowledged (cases 34, 188)", async () => {
    const { project, servers } = await open({ synchronous: true });
    const person = await project.signUp();
    const [ended, rotated, replayed] = [
      await openSession(project),
      await openSession(project),
      await openSession(project),
    ];
    expect((await logOut(project, ended.refreshToken)).status).toBe(204);
    const child = await rotate(project, rotated.refreshToken);
    const [first, second] = [replayed.refreshToken, await rotate(project, replayed.refreshToken)];
    await rotate(project, second.refresh_token);
    await project.sql("update refresh_tokens set used_at = used_at - interval '11 seconds'");
    expect((await refresh(project, first)).body.error_code).toBe("refresh_token_already_used");
    const change = { method: "PATCH", body: { password: newPassword } };
    const changed = await project.request("/user", { token: person.access_token, ...change });
    expect(changed.status).toBe(200);

    const banned = await project.signUp();
    await banUser(project.service.admin, project.id, banned.user.id, "forever");
    const newcomer = await project.signUp();

    // A switch of roles that leaves links open: none may be kept to a server that refuses to write.
    servers.leadAstray();
    const { access_token: token } = child;
    expect((await patiently(() => project.request("/user", { token }))).status).toBe(200);
    const misled = await refresh(project, child.refresh_token);
    expect(misled).toMatchObject({ status: 503, body: { error_code: "service_unavailable" } });
    servers.leadBack();
    const led = await patiently(() => refresh(project, child.refresh_token));

    await servers.failOver();
    for (const token of [ended.refreshToken, first]) {
      expect(await patiently(() => refresh(project, token))).toMatchObject({
        status: 400,
        body: { error_code: "session_not_found" },
      });
    }
    expect((await refresh(project, led.body.refresh_token)).status).toBe(200);
    expect(await endOf(project, replayed.id)).toBe("refresh_token_reuse");
    expect(await refresh(project, banned.refresh_token)).toMatchObject({
      status: 400,
      body: { error_code: "user_banned" },
    });
    expect((await refresh(project, newcomer.refresh_token)).status).toBe(200);
    expect((await signIn(project, newcomer.user.email ?? "", goodPassword)).status).toBe(200);
    const { email } = person.user;
    expect((await signIn(project, email ?? "", goodPassword)).status).toBe(400);
    expect((await signIn(project, email ?? "", newPassword)).status).toBe(200);
  });
});

describe("failover to an asynchronous standby that lacks the last writes", () => {
  it("makes who was signed in since sign in again, and revives what had ended until everybody is signed out (case 188)", async () => {
    const { project, servers } = await open({ synchronous: false });
    const [session, one, other] = [
      await openSession(project),
      await openSession(project),
      await openSession(project),
    ];
    await servers.standby.cutOff();
    const ahead = await rotate(project, session.refreshToken);
    const late = await project.signUp();
    for (const { refreshToken } of [one, other]) {
      expect((await logOut(project, refreshToken)).status).toBe(204);
    }

    await servers.failOver();
    for (const token of [ahead.refresh_token, late.refresh_token]) {
      expect(await patiently(() => refresh(project, token))).toMatchObject({
        status: 400,
        body: { error_code: "refresh_token_not_found" },
      });
    }
    const { access_token: token, user } = late;
    expect((await project.request("/user", { token })).status).toBe(401);
    const email = user.email ?? "";
    expect((await signIn(project, email, goodPassword)).status).toBe(400);
    expect((await project.post("/signup", { email, password: goodPassword })).status).toBe(200);

    const revived = await refresh(project, one.refreshToken);
    expect(revived.status).toBe(200);
    await signOutUsers(project.service.admin, project.id);
    for (const token of [revived.body.refresh_token, one.refreshToken, other.refreshToken]) {
      expect(await refresh(project, token)).toMatchObject({
        status: 400,
        body: { error_code: "session_not_found" },
      });
    }
  });
});
