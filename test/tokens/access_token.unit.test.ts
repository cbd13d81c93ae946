import { createPrivateKey, generateKeyPairSync, randomUUID } from "node:crypto";
import fc from "fast-check";
import { createLocalJWKSet, type JWK, jwtVerify, SignJWT } from "jose";
import jwt from "jsonwebtoken";
import { beforeAll, describe, expect, it } from "vitest";
import type { GrantedClaims } from "../../src/database/functions.ts";
import { signAccessToken, verifyAccessToken } from "../../src/tokens/access_token.ts";
import { type KeySet, openKeys } from "../../src/tokens/keys.ts";
import { claimsOf } from "../support/jwt.ts";

const issuer = "https://auth.example/proj_unit";
const secret = "0123456789abcdef".repeat(4);
const now = Math.floor(Date.now() / 1000);
const claims: GrantedClaims = {
  sub: randomUUID(),
  aud: "authenticated",
  role: "authenticated",
  session_id: randomUUID(),
  aal: "aal1",
  amr: [{ method: "password", timestamp: now }],
  email: "grüße@example.com",
  phone: "",
  is_anonymous: false,
  app_metadata: {},
  user_metadata: { "1": "\u2028😀", sub: "not me", db_mac: "nor this" },
  iat: now,
  exp: now + 3600,
  db_mac: "m".repeat(43),
};

type Algorithm = "HS256" | "ES256" | "RS256";
const algorithms = ["HS256", "ES256", "RS256"] as const;
const pems: Record<Algorithm, string> = { HS256: secret, ES256: "", RS256: "" };
const sets = {} as Record<Algorithm, KeySet>;

beforeAll(async () => {
  for (const algorithm of algorithms) {
    if (algorithm === "HS256") {
      const material = { kid: "kid-HS256", algorithm, isActive: true, secret };
      sets[algorithm] = await openKeys([{ ...material, publicJwk: undefined }]);
      continue;
    }
    const { privateKey, publicKey } =
      algorithm === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
    pems[algorithm] = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    sets[algorithm] = await openKeys([
      {
        kid: `kid-${algorithm}`,
        algorithm,
        isActive: true,
        secret: pems[algorithm],
        publicJwk: publicKey.export({ format: "jwk" }) as JWK,
      },
    ]);
  }
});

const user = { kind: "user", userId: claims.sub, sessionId: claims.session_id };
const refused = { code: "bad_jwt", status: 401 };

describe.each(algorithms)("access tokens under %s", (algorithm) => {
  it("that we sign verify with jose and jsonwebtoken, claim for claim", async () => {
    const token = await signAccessToken(sets[algorithm], issuer, claims);
    const publicJwk = sets[algorithm].active.publicJwk;
    const { payload, protectedHeader } = publicJwk
      ? await jwtVerify(token, createLocalJWKSet({ keys: [publicJwk] }), { issuer })
      : await jwtVerify(token, Buffer.from(secret), { issuer });
    expect(protectedHeader).toStrictEqual({ alg: algorithm, typ: "JWT", kid: `kid-${algorithm}` });
    expect(payload).toStrictEqual({ ...claims, iss: issuer, jti: expect.any(String) });

    const verified = jwt.verify(token, pems[algorithm], { algorithms: [algorithm], issuer });
    expect(verified).toStrictEqual(payload);
    await expect(verifyAccessToken(sets[algorithm], issuer, token)).resolves.toEqual(user);
  });

  it("that jose or jsonwebtoken sign with the project's key are as good as ours", async () => {
    const key = algorithm === "HS256" ? Buffer.from(secret) : createPrivateKey(pems[algorithm]);
    const byJose = await new SignJWT({ ...claims, iss: issuer })
      .setProtectedHeader({ alg: algorithm, kid: `kid-${algorithm}` })
      .sign(key);
    const byOther = jwt.sign({ ...claims, iss: issuer }, pems[algorithm], {
      algorithm,
      keyid: `kid-${algorithm}`,
    });
    for (const token of [byJose, byOther]) {
      await expect(verifyAccessToken(sets[algorithm], issuer, token)).resolves.toEqual(user);
    }
  });

  it("are refused under the keys of another algorithm, and for another issuer", async () => {
    const token = await signAccessToken(sets[algorithm], issuer, claims);
    for (const other of algorithms.filter((name) => name !== algorithm)) {
      await expect(verifyAccessToken(sets[other], issuer, token)).rejects.toMatchObject(refused);
    }
    await expect(verifyAccessToken(sets[algorithm], `${issuer}2`, token)).rejects.toMatchObject(
      refused,
    );
  });

  it("are refused after a change of any one character (case 56)", async () => {
    const token = await signAccessToken(sets[algorithm], issuer, claims);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom(...letters, ""),
        async (at, letter) => {
          fc.pre(token[at] !== letter);
          const changed = token.slice(0, at) + letter + token.slice(at + 1);
          await expect(verifyAccessToken(sets[algorithm], issuer, changed)).rejects.toMatchObject(
            refused,
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("access tokens", () => {
  it("never are what any text happens to be", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        await expect(verifyAccessToken(sets.HS256, issuer, text)).rejects.toMatchObject(refused);
      }),
    );
  });

  it("name who they are for before anything that a user can write", async () => {
    const names = Object.keys(claimsOf(await signAccessToken(sets.HS256, issuer, claims)));
    const first = Math.min(
      ...["email", "app_metadata", "user_metadata"].map((name) => names.indexOf(name)),
    );
    for (const name of ["sub", "session_id", "role", "aal", "exp", "db_mac"]) {
      expect(names.indexOf(name)).toBeLessThan(first);
    }
  });

  it("of the project's own service need neither user nor expiry, but heed one (case 52)", async () => {
    const sign = (payload: object) => jwt.sign(payload, secret, { noTimestamp: true });
    const verify = (payload: object) => verifyAccessToken(sets.HS256, issuer, sign(payload));
    await expect(verify({ role: "service_role" })).resolves.toEqual({ kind: "service" });
    await expect(verify({ role: "service_role", exp: now + 60 })).resolves.toBeDefined();
    await expect(verify({ role: "service_role", exp: now - 1 })).rejects.toMatchObject(refused);
    await expect(verify({ role: "service_role", nbf: now + 90 })).rejects.toMatchObject(refused);
    await expect(verify({ role: "authenticated" })).rejects.toMatchObject(refused);
    await expect(verify({ role: ["service_role"] })).rejects.toMatchObject(refused);
    await expect(verify({})).rejects.toMatchObject(refused);
  });
});
