import { beforeAll, describe, expect, it } from "vitest";
import type { UserJson } from "../../src/database/functions.ts";
import { projectFunctions } from "../../src/database/functions.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "../support/access_tokens.ts";
import { mailingProject, redeemLink, signsIn } from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject({ anonymous_users: true });
});

async function anonymous(data?: object): Promise<SessionReply> {
  const { status, body } = await project.post<SessionReply>("/signup", data ? { data } : {});
  expect(status).toBe(200);
  return body;
}

function change({ access_token: token }: SessionReply, body: object) {
  return project.request<UserJson>("/user", { method: "PATCH", token, body });
}

/** An anonymous user who has proved an address. */
async function upgraded() {
  const before = await anonymous();
  const email = freshEmail();
  await change(before, { email });
  const mail = await newestMail(project, email);
  const { status, body: after } = await redeemLink(project, { ...mail, type: "email_change" });
  expect(status).toBe(200);
  return { before, email, after };
}

describe("a sign-up with neither address nor password", () => {
  it("makes a user without one, whose token says that it is anonymous", async () => {
    const { user, access_token, refresh_token } = await anonymous({ theme: "dark" });
    expect(user).toMatchObject({
      email: "",
      phone: "",
      is_anonymous: true,
      app_metadata: {},
      user_metadata: { theme: "dark" },
      identities: [],
    });
    expect(claimsOf(access_token)).toMatchObject({
      sub: user.id,
      email: "",
      is_anonymous: true,
      role: "authenticated",
      aal: "aal1",
      amr: [{ method: "anonymous" }],
      app_metadata: {},
    });
    expect((await project.request("/user", { token: access_token })).body).toEqual(user);
    const { body } = await project.post<SessionReply>("/refresh", { refresh_token });
    expect(claimsOf(body.access_token)).toMatchObject({ sub: user.id, is_anonymous: true });
  });

  it("makes another user each time, also for null and empty values", async () => {
    const empty = { email: "", phone: null, password: null };
    const { body } = await project.post<SessionReply>("/signup", empty);
    expect(body.user.is_anonymous).toBe(true);
    expect(body.user.id).not.toBe((await anonymous()).user.id);
  });

  it("is none with a password alone, or with a number", async () => {
    const users = await project.sql("select from users");
    expect((await project.post("/signup", { password: goodPassword })).body).toMatchObject({
      error_code: "validation_failed",
    });
    expect((await project.post("/signup", { phone: "+15550100" })).body).toMatchObject({
      error_code: "phone_provider_disabled",
    });
    expect(await project.sql("select from users")).toHaveLength(users.length);
  });

  it("counts among the sign-ups of its address", async () => {
    const limited = await createTestProject({ anonymous_users: true, signups_per_address: 2 });
    const replies: Reply[] = [];
    for (let n = 0; n < 3; n++) {
      replies.push(await limited.post("/signup", {}, { address: "198.51.100.4" }));
    }
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(await limited.sql("select from users")).toHaveLength(2);
  });

  it("is refused where the project does not allow it, and before that where it takes no sign-ups", async () => {
    const closed = await createTestProject();
    expect(await closed.post("/signup", {})).toMatchObject({
      status: 422,
      body: {
        error_code: "anonymous_provider_disabled",
        msg: "Anonymous sign-ins are disabled",
      },
    });
    expect((await closed.request("/settings")).body).toMatchObject({
      external: { anonymous_users: false },
    });
    const { signInAnonymously } = projectFunctions(closed.service.runtime, closed.id);
    const offer = { userMetadata: null, tokenHash: Buffer.alloc(32), client: {} as never };
    const nobody = { address: null, userAgent: null };
    expect(await signInAnonymously({ ...offer, client: nobody })).toEqual({
      outcome: "anonymous_provider_disabled",
    });
    await changeSettings(closed.service.admin, closed.id, {
      anonymous_users: true,
      signup_enabled: false,
    });
    expect(await signInAnonymously({ ...offer, client: nobody })).toEqual({
      outcome: "signup_disabled",
    });
    expect(await closed.sql("select from users")).toEqual([]);
  });

  it("is shown among what the project offers", async () => {
    expect((await project.request("/settings")).body).toMatchObject({
      external: { anonymous_users: true },
    });
  });
});

describe("an anonymous user", () => {
  it("cannot have a password before an address, also not together with one", async () => {
    const session = await anonymous();
    for (const body of [
      { password: goodPassword },
      { password: goodPassword, email: freshEmail() },
    ]) {
      expect(await change(session, body)).toMatchObject({
        status: 422,
        body: { error_code: "validation_failed" },
      });
    }
    expect(
      await project.sql("select new_email, password_hash from users where id = $1", [
        session.user.id,
      ]),
    ).toEqual([{ new_email: null, password_hash: null }]);
  });

  it("stays one while an address waits for its proof", async () => {
    const session = await anonymous();
    const email = freshEmail();
    expect(await change(session, { email })).toMatchObject({
      status: 200,
      body: { id: session.user.id, email: "", new_email: email, is_anonymous: true },
    });
    const { body } = await project.post<SessionReply>("/refresh", {
      refresh_token: session.refresh_token,
    });
    expect(claimsOf(body.access_token)).toMatchObject({ email: "", is_anonymous: true });
    expect(await signsIn(project, email, goodPassword)).toBe(false);
  });

  it("is permanent once it has proved an address, and keeps its id, data and sessions", async () => {
    const { before, email, after } = await upgraded();
    expect(after.user).toMatchObject({
      id: before.user.id,
      email,
      is_anonymous: false,
      app_metadata: { provider: "email", providers: ["email"] },
      identities: [{ provider: "email", identity_data: { email, email_verified: true } }],
    });
    expect(claimsOf(after.access_token)).toMatchObject({
      sub: before.user.id,
      is_anonymous: false,
    });
    const { body } = await project.post<SessionReply>("/refresh", {
      refresh_token: before.refresh_token,
    });
    expect(claimsOf(body.access_token)).toMatchObject({ email, is_anonymous: false });
    expect(await change(after, { password: goodPassword })).toMatchObject({ status: 200 });
    expect(await signsIn(project, email, goodPassword)).toBe(true);
  });

  it("that asks for an address which somebody has is answered alike, and never gets it", async () => {
    const { user } = await project.signUp();
    const session = await anonymous();
    expect(await change(session, { email: user.email })).toMatchObject({
      status: 200,
      body: { new_email: user.email, is_anonymous: true },
    });
    const purposes = (await queuedMail(project, user.email)).map(({ purpose }) => purpose);
    expect(purposes).toContain("account_exists");
    expect(purposes).not.toContain("email_change");
  });

  it("is permanent once it has linked a provider, and keeps its id", async () => {
    await changeSettings(project.service.admin, project.id, { manual_linking: true });
    const { linkIdentity } = projectFunctions(project.service.runtime, project.id);
    const { user, access_token } = await anonymous();
    const email = freshEmail();
    const linked = await linkIdentity({
      caller: { userId: user.id, sessionId: claimsOf(access_token).session_id },
      identity: {
        provider: "acme",
        issuer: "https://acme.example",
        subject: email,
        email,
        data: { sub: email, email },
      },
      refreshHash: Buffer.alloc(32, 7),
      code: null,
      client: { address: null, userAgent: null },
    });
    expect(linked).toMatchObject({
      outcome: null,
      claims: { sub: user.id, is_anonymous: false, email },
      user: { id: user.id, app_metadata: { provider: "acme" }, email },
    });
  });
});
