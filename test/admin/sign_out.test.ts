import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { suspendProject } from "../../src/projects/state.ts";
import { signOutUsers } from "../../src/users/sign_out.ts";
import { signOutProjects } from "../../src/users/sign_out_projects.ts";
import { exchangeCode, newVerifier, redirectedCode } from "../support/authorization_codes.ts";
import { mailed, mailingProject, redeemCode, redeemLink, reset } from "../support/mailed.ts";
import { addProvider } from "../support/oauth.ts";
import { queuedMail } from "../support/outbox.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";
import { endOf, openSession, refresh } from "../support/sessions.ts";

const signOut = (project: TestProject) => signOutUsers(project.service.admin, project.id);
const gone = { status: 400, body: { error_code: "session_not_found" } };

describe("signing everybody out of a project (cases 188, 201)", () => {
  it("ends every session of every user, for good, and lets people sign in again", async () => {
    const project = await createTestProject();
    const person = await project.signUp();
    const phone = await openSession(project, person.user.id);
    const other = await openSession(project);
    expect(await signOut(project)).toEqual({ users: 2, sessions: 3 });

    for (const token of [person.refresh_token, phone.refreshToken, other.refreshToken]) {
      expect(await refresh(project, token)).toMatchObject(gone);
    }
    const { access_token: token } = person;
    expect((await project.request("/user", { token })).status).toBe(401);
    expect(await endOf(project, other.id)).toBe("project_signed_out");
    const { email } = person.user;
    const again = await project.post("/token", { email, password: goodPassword });
    expect(again.status).toBe(200);
  });

  it("leaves what had ended as it was, and another project alone", async () => {
    const [project, neighbour] = [await createTestProject(), await createTestProject()];
    const ended = await openSession(project);
    await project.post("/logout", { refresh_token: ended.refreshToken });
    const theirs = await openSession(neighbour);
    expect(await signOut(project)).toEqual({ users: 0, sessions: 0 });
    expect(await endOf(project, ended.id)).toBe("logout");
    expect((await refresh(neighbour, theirs.refreshToken)).status).toBe(200);
  });

  it("voids links, codes to type and resets that are out, and takes back the mail that carries them", async () => {
    const project = await mailingProject();
    const link = await mailed(project, "magiclink");
    const typed = await mailed(project, "magiclink");
    const recovery = await mailed(project, "recovery");
    await signOut(project);
    const used = { error_code: "otp_expired" };
    expect((await redeemLink(project, link)).body).toMatchObject(used);
    expect((await redeemCode(project, typed)).body).toMatchObject(used);
    expect((await reset(project, recovery)).body).toMatchObject(used);
    expect(await queuedMail(project, link.email)).toEqual([]);
  });

  it("voids an authorization code that nobody has exchanged, though its user has no session", async () => {
    const project = await mailingProject({ site_url: "https://app.example" });
    const { verifier, challenge } = newVerifier();
    const pkce = { code_challenge: challenge, code_challenge_method: "s256" };
    const link = await mailed(project, "magiclink", pkce);
    const code = await redirectedCode(project, link);
    await project.sql("delete from sessions");
    expect(await signOut(project)).toMatchObject({ users: 1, sessions: 0 });
    expect((await exchangeCode(project, code, verifier)).body).toMatchObject({
      error_code: "flow_state_not_found",
    });
  });

  it("forgets the sign-ins at a provider that are under way", async () => {
    const project = await createTestProject();
    await addProvider(project, { name: "acme", kind: "oidc", clientId: "c", clientSecret: "s" });
    await project.sql(
      `insert into oauth_flows (state_hash, browser_hash, provider, sealed, expires_at)
       values ($1, $2, 'acme', '\\x00', now() + interval '10 minutes')`,
      [randomBytes(32), randomBytes(32)],
    );
    await signOut(project);
    expect(await project.sql("select from oauth_flows")).toEqual([]);
  });

  it("goes on to the end in transactions of two hundred users, and writes down each", async () => {
    const project = await createTestProject();
    await project.sql(
      `with people as (insert into users (is_anonymous) select true from generate_series(1, 450) returning id)
       insert into sessions (user_id) select id from people, generate_series(1, 2)`,
    );
    expect(await signOut(project)).toEqual({ users: 450, sessions: 900 });
    const events = await project.sql(
      "select detail - 'by' as detail, detail ? 'by' as named from audit_log where event = 'project_signed_out' order by id",
    );
    expect(events).toEqual(
      [200, 200, 50].map((users) => ({ detail: { users, sessions: 2 * users }, named: true })),
    );
    const live = "select from sessions where revoked_at is null";
    expect(await project.sql(live)).toEqual([]);
  });

  it("is not for the server's login or an application", async () => {
    const project = await createTestProject();
    const { runtimeRole } = project.service;
    const [right] = await project.sql(
      "select has_function_privilege($1, 'sign_out_users(integer, uuid)', 'execute') as server, has_function_privilege('public', 'sign_out_users(integer, uuid)', 'execute') as anyone",
      [runtimeRole],
    );
    expect(right).toEqual({ server: false, anyone: false });
  });
});

describe("signing everybody out of several projects", () => {
  it("includes suspended ones, and goes on past one that is not there", async () => {
    const [first, second] = [await createTestProject(), await createTestProject()];
    await openSession(first);
    await openSession(second);
    const { admin } = first.service;
    await suspendProject(admin, second.id);
    const ids = [first.id, "proj_nowhere", second.id, first.id];
    const { signed_out: signedOut, failed } = await signOutProjects(admin, { ids });
    expect(signedOut).toEqual(
      [first.id, second.id].sort().map((id) => ({ id, users: 1, sessions: 1 })),
    );
    expect(failed).toMatchObject([{ id: "proj_nowhere", error: { code: "project_not_found" } }]);
  });
});
