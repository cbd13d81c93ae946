import { createHash, randomBytes } from "node:crypto";
import {
  CompactSign,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
} from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  type Claims,
  type OidcProvider,
  type SigningKeys,
  startOidcProvider,
} from "../support/idp/oidc_provider.ts";
import {
  addProvider,
  appUrl,
  createProviderProject,
  oidcRow,
  openBrowser,
  openProviderService,
  verified,
} from "../support/oauth.ts";
import { freshEmail, type Reply, type TestProject } from "../support/project.ts";

let idp: OidcProvider;
let attacker: OidcProvider;
let auth: Auth;
let project: TestProject;

beforeAll(async () => {
  [idp, attacker] = await Promise.all([startOidcProvider(), startOidcProvider()]);
  auth = await openProviderService();
  project = await createProviderProject([oidcRow(idp, { options: { audiences: ["native-app"] } })]);
});
afterAll(async () => {
  await auth.close();
  await Promise.all([idp.close(), attacker.close()]);
});
beforeEach(() => {
  idp.misbehave({});
  idp.signedIn(verified(freshEmail()));
});

type GrantReply = Reply<SessionReply & { error_code?: string; error?: string }>;

function grant(idToken: string, more: object = {}): Promise<GrantReply> {
  return project.post(
    "/token?grant_type=id_token",
    { provider: "oidc", id_token: idToken, ...more },
    {
      auth,
    },
  );
}

const refusal = (error_code: string) => ({
  status: 400,
  body: { error_code, error: "invalid_request" },
});
const fresh = () => randomBytes(16).toString("hex");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Signs with anything under any header. */
async function signedWith(key: CryptoKey | Uint8Array, header: object, claims: Claims) {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader(header as { alg: string })
    .sign(key);
}

const past = () => Math.floor(Date.now() / 1_000) - 3_600;

describe("an ID token that an app brings", () => {
  it("signs its person in, with the nonce as it is or its SHA-256, and with another client of the operator's", async () => {
    const email = freshEmail();
    idp.signedIn(verified(email));
    const [plain, hashed] = [fresh(), fresh()];
    const first = await grant(await idp.idToken({ nonce: plain }), { nonce: plain });
    expect(first.status).toBe(200);
    expect(first.body.user).toMatchObject({ email, identities: [{ provider: "oidc" }] });
    expect(first.body.provider_token).toBeUndefined();
    const tokens = [
      [{ nonce: sha256(hashed) }, { nonce: hashed }],
      [{ aud: "native-app" }, {}],
      [{ aud: [idp.clientId, "native-app"], azp: "native-app" }, {}],
    ] as const;
    for (const [claims, more] of tokens) {
      const { body } = await grant(await idp.idToken(claims), more);
      expect(body.user?.id).toBe(first.body.user.id);
    }
    const byIssuer = { provider: undefined, client_id: "native-app", issuer: idp.issuer };
    expect((await grant(await idp.idToken({ aud: "native-app" }), byIssuer)).status).toBe(200);
  });

  it("is not taken from an attacker's own issuer, however right it looks (case 76)", async () => {
    const victim = await project.signUp();
    await project.sql("update users set email_confirmed_at = now() where id = $1", [
      victim.user.id,
    ]);
    const person = verified(victim.user.email, { aud: idp.clientId });
    const named = { provider: undefined, client_id: idp.clientId, issuer: attacker.issuer };
    for (const iss of [attacker.issuer, idp.issuer]) {
      const forged = await attacker.idToken({ ...person, iss });
      expect(await grant(forged)).toMatchObject(refusal("bad_oauth_callback"));
      const { status, body } = await grant(forged, named);
      expect([status, body.error_code]).toEqual([400, "provider_disabled"]);
      expect(await grant(forged, { issuer: attacker.issuer })).toMatchObject(
        refusal("bad_oauth_callback"),
      );
    }
    expect(attacker.asked).toEqual([]);
  });

  it("is not taken by a key that it brings along (case 76)", async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "own" };
    const headers = [
      { alg: "RS256", jwk },
      { alg: "RS256", kid: "own", jku: `${attacker.issuer}/jwks` },
      { alg: "RS256", kid: "own", x5u: `${attacker.issuer}/jwks` },
    ];
    for (const header of headers) {
      idp.misbehave({ sign: (claims) => signedWith(privateKey, header, claims) });
      expect(await grant(await idp.idToken())).toMatchObject(refusal("bad_oauth_callback"));
    }
    expect(attacker.asked).toEqual([]);
  });

  it("is refused for another audience, issuer, time or kind (case 77)", async () => {
    const now = Math.floor(Date.now() / 1_000);
    const wrong: Claims[] = [
      { aud: "somebody-else" },
      { aud: [] },
      { aud: undefined },
      { aud: [idp.clientId, "somebody-else"], azp: idp.clientId },
      { aud: [idp.clientId, "native-app"] },
      { azp: "somebody-else" },
      { azp: 7 },
      { iss: `${idp.issuer}/` },
      { iss: idp.issuer.toUpperCase() },
      { iss: undefined },
      { exp: past() },
      { exp: undefined },
      { exp: String(now + 600) },
      { iat: now + 3_600 },
      { iat: now - 2 * 86_400 },
      { iat: undefined },
      { nbf: now + 3_600 },
      { sub: undefined },
      { sub: "" },
      { sub: 7 },
      { sub: "a\u0000b" },
      { sub: "x".repeat(256) },
    ];
    for (const claims of wrong) {
      const reply = await grant(await idp.idToken(claims));
      expect({ claims, reply }).toMatchObject({ claims, reply: refusal("bad_oauth_callback") });
    }
  });

  it("is refused with an algorithm that is not the provider's (case 77)", async () => {
    type Sign = (claims: Claims, keys: SigningKeys) => Promise<string>;
    const text = (value: string) => new TextEncoder().encode(value);
    const none: Sign = async (claims) =>
      `${[{ alg: "none" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
    const withPublicKey: Sign = async (claims, { publicJwk, kid }) => {
      const key = (await importJWK(publicJwk, "RS256", { extractable: true })) as CryptoKey;
      return signedWith(text(await exportSPKI(key)), { alg: "HS256", kid }, claims);
    };
    const withSecret: Sign = (claims, { kid }) =>
      signedWith(text(idp.clientSecret), { alg: "HS256", kid }, claims);
    const withOtherKey: Sign = async (claims, { kid }) =>
      signedWith((await generateKeyPair("RS256")).privateKey, { alg: "RS256", kid }, claims);
    const withOtherAlgorithm: Sign = async (claims, { kid }) =>
      signedWith((await generateKeyPair("ES256")).privateKey, { alg: "ES256", kid }, claims);
    const asAccessToken: Sign = (claims, { kid, privateKey }) =>
      signedWith(privateKey, { alg: "RS256", kid, typ: "at+jwt" }, claims);
    for (const sign of [
      none,
      withPublicKey,
      withSecret,
      withOtherKey,
      withOtherAlgorithm,
      asAccessToken,
    ]) {
      idp.misbehave({ sign });
      expect(await grant(await idp.idToken())).toMatchObject(refusal("bad_oauth_callback"));
    }
  });

  it("is refused without its nonce, with another, and with one that was used (case 77)", async () => {
    const nonce = fresh();
    const token = await idp.idToken({ nonce });
    for (const more of [{}, { nonce: "" }, { nonce: fresh() }, { nonce: sha256(nonce) }]) {
      expect(await grant(token, more)).toMatchObject(refusal("bad_oauth_callback"));
    }
    expect(await grant(await idp.idToken(), { nonce })).toMatchObject(
      refusal("bad_oauth_callback"),
    );
    expect((await grant(token, { nonce })).status).toBe(200);
    const replays = [
      token,
      await idp.idToken({ nonce }),
      await idp.idToken({ nonce: sha256(nonce) }),
    ];
    for (const replay of replays) {
      expect((await grant(replay, { nonce })).body.error_code).toBe("bad_oauth_callback");
    }
    // Who finds a token reads what is signed, and not what it is the hash of.
    const other = fresh();
    const hashed = await idp.idToken({ nonce: sha256(other) });
    expect((await grant(hashed, { nonce: other })).status).toBe(200);
    const stolen = await grant(hashed, { nonce: sha256(other) });
    expect(stolen.body.error_code).toBe("bad_oauth_callback");
  });

  it("is counted by client address like a sign-in", async () => {
    const limited = await createProviderProject([oidcRow(idp)]);
    await limited.sql("update settings set logins_per_address = 2");
    const statuses = [];
    for (const _ of [1, 2, 3]) {
      const body = { provider: "oidc", id_token: await idp.idToken() };
      const at = { auth, address: "192.0.2.9" };
      statuses.push((await limited.post("/token?grant_type=id_token", body, at)).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
  });

  it("is refused with an access token that is not the one it came with (case 77)", async () => {
    const access_token = fresh();
    const half = createHash("sha256").update(access_token).digest().subarray(0, 16);
    const token = await idp.idToken({ at_hash: half.toString("base64url") });
    expect(await grant(token, { access_token: fresh() })).toMatchObject(
      refusal("bad_oauth_callback"),
    );
    expect((await grant(token, { access_token })).status).toBe(200);
  });

  it("is refused when it is none", async () => {
    for (const id_token of ["a.b.c", "x", "e30.e30.e30", "a".repeat(10_000)]) {
      expect(await grant(id_token)).toMatchObject(refusal("bad_oauth_callback"));
    }
    expect(await grant("")).toMatchObject(refusal("validation_failed"));
    const unnamed = await grant("a.b.c", { provider: undefined });
    expect(unnamed).toMatchObject(refusal("validation_failed"));
  });

  it("is refused for a provider that the project has not, or that signs none", async () => {
    await addProvider(project, {
      name: "github",
      kind: "github",
      clientId: "c",
      clientSecret: "s",
    });
    for (const provider of ["nobody", "github", "__proto__"]) {
      const { status, body } = await grant(await idp.idToken(), { provider });
      expect([status, body.error_code]).toEqual([400, "provider_disabled"]);
    }
    const google = await grant(await idp.idToken(), { provider: "google" });
    expect((google.body as unknown as { msg: string }).msg).toBe(
      'Provider (issuer "https://accounts.google.com") is not enabled',
    );
  });
});

describe("the password grant", () => {
  it("is documented as this service's own sign-in, and no grant of OAuth (case 90)", async () => {
    type Document = { paths: Record<string, { post: { description: string } }> };
    const { body } = await project.request<Document>("/openapi.json");
    expect(body.paths["/token"]?.post.description).toContain(
      "this service's own sign-in, not OAuth's grant for third parties",
    );
  });
});

describe("the ID token of a sign-in in a browser", () => {
  const begin = { provider: "oidc", redirect_to: appUrl };

  it("is refused with the nonce of another flow, without one, or with the hash of its own (case 77)", async () => {
    for (const nonce of [fresh(), undefined, ""]) {
      idp.misbehave({ claims: { nonce } });
      const { fragment } = await openBrowser(project, auth).signIn(begin);
      expect(fragment.error_code).toBe("bad_oauth_callback");
    }
    idp.misbehave({
      sign: async (claims, { privateKey, kid }) =>
        signedWith(
          privateKey,
          { alg: "RS256", kid },
          { ...claims, nonce: sha256(String(claims.nonce)) },
        ),
    });
    const { fragment } = await openBrowser(project, auth).signIn(begin);
    expect(fragment.error_code).toBe("bad_oauth_callback");
  });

  it("is refused with the hash of another access token or code (case 77)", async () => {
    for (const claims of [{ at_hash: fresh() }, { c_hash: fresh() }]) {
      idp.misbehave({ claims });
      const { fragment } = await openBrowser(project, auth).signIn(begin);
      expect(fragment.error_code).toBe("bad_oauth_callback");
    }
  });

  it("is refused for another audience or issuer, and when it is not there (cases 76, 77)", async () => {
    for (const claims of [{ aud: "native-app" }, { iss: attacker.issuer }, { exp: past() }]) {
      idp.misbehave({ claims });
      const { fragment } = await openBrowser(project, auth).signIn(begin);
      expect({ claims, code: fragment.error_code }).toEqual({ claims, code: "bad_oauth_callback" });
    }
    const reply = () => ({ body: { access_token: "a", token_type: "bearer" } });
    idp.misbehave({ replies: { "/token": reply } });
    const { fragment } = await openBrowser(project, auth).signIn(begin);
    expect(fragment.error_code).toBe("bad_oauth_callback");
  });

  it("is never judged by a secret that is shared, even where the provider announces nothing else (case 77)", async () => {
    const shared = await startOidcProvider();
    const kid = "shared";
    const k = Buffer.from(shared.clientSecret).toString("base64url");
    shared.misbehave({
      metadata: { id_token_signing_alg_values_supported: ["HS256", "none"] },
      replies: { "/jwks": () => ({ body: { keys: [{ kty: "oct", alg: "HS256", kid, k }] } }) },
      sign: (claims) => signedWith(Buffer.from(shared.clientSecret), { alg: "HS256", kid }, claims),
    });
    const twin = await createProviderProject([oidcRow(shared)]);
    const { fragment } = await openBrowser(twin, auth).signIn(begin);
    expect(fragment.error_code).toBe("unexpected_failure");
    await shared.close();
  });

  it("may leave the address to the user endpoint, which must speak of the same person", async () => {
    const email = freshEmail();
    idp.signedIn(verified(email));
    idp.misbehave({ claims: { email: undefined, email_verified: undefined } });
    const { fragment } = await openBrowser(project, auth).signIn(begin);
    const { body } = await project.request("/user", { token: String(fragment.access_token) });
    expect(body.email).toBe(email);
    idp.misbehave({
      claims: { email: undefined, email_verified: undefined },
      userinfo: { sub: "somebody else" },
    });
    const other = await openBrowser(project, auth).signIn(begin);
    expect(other.fragment.error_code).toBe("bad_oauth_callback");
  });
});
