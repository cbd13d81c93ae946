import { decodeJwt } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { mailingProject } from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";

const otherId = "11111111-1111-4111-8111-111111111111";

/** As JSON text: an object literal would take `__proto__` for its prototype. */
const extras = `
  "id": "${otherId}", "user_id": "${otherId}", "sub": "${otherId}",
  "role": "service_role", "is_admin": true, "is_super_admin": true, "is_anonymous": true,
  "aal": "aal2", "aud": "admin", "amr": [], "session_id": "${otherId}",
  "app_metadata": {"admin": true}, "raw_app_meta_data": {"admin": true},
  "user_metadata": {"admin": true}, "identities": [{"provider": "saml"}],
  "email_confirmed_at": "2020-01-01T00:00:00Z", "email_confirm": true,
  "confirmed_at": "2020-01-01T00:00:00Z", "banned_until": "2099-01-01T00:00:00Z",
  "password_hash": "$2a$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuabcdefghijklm",
  "created_at": "2020-01-01T00:00:00Z", "phone": null,
  "__proto__": {"role": "service_role", "admin": true},
  "constructor": {"prototype": {"admin": true}}`;

const data = `{"name": "Ann", "email_verified": true, "__proto__": {"admin": true}, "constructor": {"prototype": {"admin": true}}}`;

describe("fields that a user may not set (case 22)", () => {
  let project: TestProject;
  let session: SessionReply;

  const row = async () =>
    (
      await project.sql("select to_jsonb(u) - 'updated_at' as row from users u where id = $1", [
        session.user.id,
      ])
    )[0]?.row as object;

  beforeAll(async () => {
    project = await mailingProject();
    const reply = await project.post<SessionReply>(
      "/signup",
      `{"email": "${freshEmail()}", "password": "${goodPassword}", "data": ${data}, ${extras}}`,
    );
    expect(reply.status).toBe(200);
    session = reply.body;
  });

  it("are ignored at sign-up: the row and the token are those of any new user", async () => {
    expect(session.user.id).not.toBe(otherId);
    expect(await row()).toMatchObject({
      id: session.user.id,
      role: "authenticated",
      app_metadata: { provider: "email", providers: ["email"] },
      is_anonymous: false,
      email_confirmed_at: null,
      banned_until: null,
    });
    const claims = decodeJwt(session.access_token);
    expect(claims).toMatchObject({
      sub: session.user.id,
      role: "authenticated",
      aud: "authenticated",
      aal: "aal1",
      is_anonymous: false,
      app_metadata: { provider: "email", providers: ["email"] },
    });
    expect(claims.amr).toMatchObject([{ method: "password" }]);
    expect(claims).not.toHaveProperty("is_admin");
    expect(session.user.identities).toMatchObject([
      { provider: "email", id: session.user.id, identity_data: { email_verified: false } },
    ]);
    expect(session.user).not.toHaveProperty("email_confirmed_at");
    expect(await project.sql("select provider from identities")).toEqual([{ provider: "email" }]);
  });

  it("are ignored by PATCH and PUT, which change what they may and nothing else", async () => {
    const before = await row();
    for (const method of ["PATCH", "PUT"]) {
      const body = `{"data": {"seen": "${method}"}, ${extras}}`;
      const reply = await project.request("/user", { method, body, token: session.access_token });
      expect(reply.status).toBe(200);
      expect(reply.body).toMatchObject({ id: session.user.id, role: "authenticated" });
      const { user_metadata: metadata, ...rest } = (await row()) as Record<string, unknown>;
      expect(metadata).toMatchObject({ name: "Ann", seen: method });
      expect(before).toMatchObject(rest);
    }
    const refreshed = await project.post<SessionReply>("/refresh", {
      refresh_token: session.refresh_token,
      role: "service_role",
      aal: "aal2",
      session_id: otherId,
    });
    const { session_id } = decodeJwt(session.access_token);
    expect(decodeJwt(refreshed.body.access_token)).toMatchObject({
      sub: session.user.id,
      role: "authenticated",
      aal: "aal1",
      session_id,
    });
  });

  it("are ignored wherever else a user is made, proved or given a password", async () => {
    const email = freshEmail();
    const asked = await project.post(
      "/magiclink",
      `{"email": "${email}", "data": ${data}, ${extras}}`,
    );
    expect(asked.status).toBe(200);
    const made = "select to_jsonb(u) as row from users u where email = $1";
    const [{ row: before } = { row: {} }] = await project.sql<{ row: object }>(made, [email]);
    expect(before).toMatchObject({
      role: "authenticated",
      app_metadata: { provider: "email", providers: ["email"] },
      user_metadata: { name: "Ann" },
      is_anonymous: false,
      email_confirmed_at: null,
      banned_until: null,
      password_hash: null,
    });
    const bodies = {
      "/verify": async () =>
        `{"type": "magiclink", "token_hash": "${(await newestMail(project, email)).token}", ${extras}}`,
      "/reset": async () => {
        await project.post("/reset", { email });
        const { token } = await newestMail(project, email);
        return `{"token": "${token}", "password": "a second fine phrase", ${extras}}`;
      },
    };
    for (const [path, body] of Object.entries(bodies)) {
      const { status, body: session } = await project.post<SessionReply>(path, await body());
      expect(status).toBe(200);
      expect(session.user.user_metadata).not.toHaveProperty("admin");
      expect(decodeJwt(session.access_token)).toMatchObject({
        sub: session.user.id,
        role: "authenticated",
        aal: "aal1",
        is_anonymous: false,
        app_metadata: { provider: "email", providers: ["email"] },
      });
      expect(session.user.id).not.toBe(otherId);
      expect(session.user.identities).toMatchObject([{ provider: "email" }]);
    }
    const [{ row: after } = { row: {} }] = await project.sql<{ row: object }>(made, [email]);
    const fixed = ["id", "role", "app_metadata", "banned_until", "created_at", "is_anonymous"];
    const pick = (row: object) => Object.entries(row).filter(([name]) => fixed.includes(name));
    expect(pick(after)).toEqual(pick(before));
  });

  it("change no prototype, neither here nor in what is stored", async () => {
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
    expect(({} as Record<string, unknown>).role).toBeUndefined();
    const { user_metadata: metadata } = (await row()) as Record<string, object>;
    expect(Object.keys(metadata ?? {})).not.toContain("__proto__");
    const { body } = await project.request<{ user_metadata: Record<string, unknown> }>("/user", {
      token: session.access_token,
    });
    expect(body.user_metadata.admin).toBeUndefined();
  });
});
