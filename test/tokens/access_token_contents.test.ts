import jwt from "jsonwebtoken";
import { describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf, headerOf } from "../support/jwt.ts";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";

const uuid = expect.stringMatching(
  /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/,
);

describe("what an access token says", () => {
  it("is this list and nothing else, after sign-up, sign-in and refresh (case 54)", async () => {
    const project = await createTestProject();
    const email = freshEmail();
    const signedUp = await project.signUp({ email, data: { plan: "free" } });
    const { body: signedIn } = await project.post<SessionReply>("/token", {
      email,
      password: goodPassword,
    });
    const { body: refreshed } = await project.post<SessionReply>("/refresh", {
      refresh_token: signedIn.refresh_token,
    });

    for (const session of [signedUp, signedIn, refreshed]) {
      const claims = claimsOf(session.access_token);
      expect(headerOf(session.access_token)).toStrictEqual({
        alg: "HS256",
        typ: "JWT",
        kid: expect.stringMatching(/^[A-Za-z0-9_-]{16}$/),
      });
      expect(claims).toStrictEqual({
        iss: project.authUrl,
        sub: session.user.id,
        aud: "authenticated",
        exp: session.expires_at,
        iat: session.expires_at - 3600,
        jti: uuid,
        session_id: uuid,
        role: "authenticated",
        aal: "aal1",
        db_mac: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        amr: [{ method: "password", timestamp: expect.any(Number) }],
        email,
        phone: "",
        is_anonymous: false,
        app_metadata: { provider: "email", providers: ["email"] },
        user_metadata: { plan: "free" },
      });
      expect(session.user.id).toEqual(uuid);
      expect(session.expires_in).toBe(3600);
    }
    const [first, second, third] = [signedUp, signedIn, refreshed].map(({ access_token }) =>
      claimsOf(access_token),
    );
    expect(second?.session_id).not.toBe(first?.session_id);
    expect(third?.session_id).toBe(second?.session_id);
    expect(third?.amr).toEqual(second?.amr);
    expect(new Set([first?.jti, second?.jti, third?.jti]).size).toBe(3);
  });

  it("holds no hash, no key and nothing of another user (case 54)", async () => {
    const project = await createTestProject();
    const other = await project.signUp();
    const { access_token: token, refresh_token: refreshToken } = await project.signUp();
    const secrets = await project.sql<{ secret: string }>(`
      select password_hash as secret from users
      union all select encode(sealed, 'hex') from jwt_keys
      union all select encode(inner_pad, 'hex') from database_keys
      union all select encode(token_hash, 'hex') from refresh_tokens`);
    const said = JSON.stringify([headerOf(token), claimsOf(token)]);
    const never = [other.user.id, other.user.email, refreshToken, goodPassword, project.jwtSecret];
    for (const text of [...never, ...secrets.map(({ secret }) => secret)]) {
      expect(said).not.toContain(text);
    }
    expect(secrets.length).toBeGreaterThanOrEqual(7);
  });

  it("is signed with a secret of 256 random bits, used as its 64 characters (case 46)", async () => {
    const projects = [await createTestProject(), await createTestProject()];
    const [one, two] = projects.map(({ jwtSecret }) => jwtSecret);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(two).not.toBe(one);
    for (const project of projects) {
      const { access_token: token } = await project.signUp();
      const verify = (key: string | Buffer) => jwt.verify(token, key, { algorithms: ["HS256"] });
      expect(verify(project.jwtSecret)).toMatchObject({ iss: project.authUrl });
      expect(verify(Buffer.from(project.jwtSecret, "utf8"))).toMatchObject({ aal: "aal1" });
      expect(() => verify(Buffer.from(project.jwtSecret, "hex"))).toThrow("invalid signature");
      expect(() => verify(project.jwtSecret.slice(0, 32))).toThrow("invalid signature");
    }
  });
});
