import { createPrivateKey, createPublicKey } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import jwt from "jsonwebtoken";
import { describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf, craftToken, headerOf, hmac, privateKey } from "../support/jwt.ts";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";
import { activateKey, freshServer, newKeyPair, storeKey } from "../support/signing_keys.ts";

const publicMembers = {
  ES256: ["crv", "kty", "x", "y"],
  RS256: ["e", "kty", "n"],
};

describe.each(["ES256", "RS256"] as const)("a project that signs with %s", (algorithm) => {
  it("publishes the key by which its tokens verify, and keeps the old ones good (case 55)", async () => {
    const project = await createTestProject();
    const before = await project.signUp();
    const key = await newKeyPair(algorithm);
    await storeKey(project, key, "next");
    await activateKey(project, key, "1 hour");
    const auth = await freshServer();

    const jwks = await project.request<JSONWebKeySet>("/.well-known/jwks.json", { auth });
    expect(jwks.headers.get("Cache-Control")).toBe("public, max-age=600");
    expect(jwks.body.keys).toHaveLength(1);
    expect(jwks.body.keys[0]).toMatchObject({
      kid: key.kid,
      alg: algorithm,
      use: "sig",
      key_ops: ["verify"],
    });
    expect(Object.keys(jwks.body.keys[0] ?? {}).sort()).toEqual(
      ["alg", "key_ops", "kid", "use", ...publicMembers[algorithm]].sort(),
    );

    const email = freshEmail();
    const { body: session } = await project.post<SessionReply>(
      "/signup",
      { email, password: goodPassword },
      { auth },
    );
    const token = session.access_token;
    expect(headerOf(token)).toStrictEqual({ alg: algorithm, typ: "JWT", kid: key.kid });
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks.body), {
      issuer: project.authUrl,
      audience: "authenticated",
      algorithms: [algorithm],
    });
    expect(payload).toMatchObject({ sub: session.user.id, email });

    for (const good of [token, before.access_token]) {
      expect((await project.request("/user", { token: good, auth })).status).toBe(200);
    }
    await auth.close();
  });

  it("refuses tokens that take its public key for a shared secret, or another pair's (case 47)", async () => {
    const project = await createTestProject();
    const { access_token: old } = await project.signUp();
    const [key, other] = [await newKeyPair(algorithm), await newKeyPair(algorithm)];
    await storeKey(project, key, "next");
    await activateKey(project, key, "1 hour");
    const auth = await freshServer();
    const { body } = await project.request<JSONWebKeySet>("/.well-known/jwks.json", { auth });

    const published = body.keys[0] ?? {};
    const pem = createPublicKey({ key: published, format: "jwk" })
      .export({ type: "spki", format: "pem" })
      .toString();
    const payload = claimsOf(old);
    const confused = ["HS256", "none"].flatMap((alg) =>
      [pem, pem.trim(), JSON.stringify(published), ""].flatMap((secret) =>
        [key.kid, undefined].map((kid) =>
          craftToken({ header: { alg, typ: "JWT", kid }, payload, sign: hmac("sha256", secret) }),
        ),
      ),
    );
    const header = { alg: algorithm, typ: "JWT", kid: key.kid };
    const byOther = craftToken({ header, payload, sign: privateKey(other.secret) });
    const renamed = craftToken({
      header: { ...header, kid: other.kid },
      payload,
      sign: privateKey(key.secret),
    });
    for (const token of [...confused, byOther, renamed]) {
      const { status, body: reply } = await project.request("/user", { token, auth });
      expect({ header: headerOf(token), status, code: reply.error_code }).toEqual({
        header: headerOf(token),
        status: 401,
        code: "bad_jwt",
      });
    }
    const good = craftToken({ header, payload, sign: privateKey(key.secret) });
    expect((await project.request("/user", { token: good, auth })).status).toBe(200);
    expect(jwt.verify(good, pem, { algorithms: [algorithm] })).toMatchObject({ sub: payload.sub });
    await auth.close();
  });
});

describe("the published keys of a project", () => {
  it("are none while it signs with its shared secret", async () => {
    const project = await createTestProject();
    const { status, body } = await project.request("/.well-known/jwks.json");
    expect({ status, body }).toEqual({ status: 200, body: { keys: [] } });
  });

  it("never show a private half that was stored in the wrong place", async () => {
    const project = await createTestProject();
    const key = await newKeyPair("ES256");
    const whole = createPrivateKey(key.secret).export({ format: "jwk" });
    await storeKey(project, { ...key, publicJwk: whole as typeof key.publicJwk }, "next");
    const auth = await freshServer();
    const { status, body } = await project.request("/.well-known/jwks.json", { auth });
    expect(JSON.stringify(body)).not.toContain(String(whole.d));
    expect(status).toBe(503);
    await auth.close();
  });
});
