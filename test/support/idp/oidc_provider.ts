import { createHash, randomBytes, randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { codeBook } from "./codes.ts";
import { type Answer, type Asked, serveJson } from "./http_server.ts";

export type Claims = Record<string, unknown>;

/** Ways in which a provider can be broken or evil. */
export interface Misbehaviour {
  /** Laid over its metadata. */
  readonly metadata?: Claims;
  /** Laid over the claims of its ID tokens; undefined takes one away. */
  readonly claims?: Claims;
  readonly userinfo?: Claims;
  /** Laid over its published key. */
  readonly key?: Claims;
  /** Signs ID tokens otherwise than with its published key. */
  readonly sign?: (claims: Claims, keys: SigningKeys) => Promise<string> | string;
  /** Laid over what the browser brings back; undefined takes one away. */
  readonly answer?: Record<string, string | undefined>;
  /** Milliseconds before each answer. */
  readonly delay?: number;
  /** By path, instead of the right answer. */
  readonly replies?: Record<string, (asked: Asked) => Answer | "hang">;
}

export interface SigningKeys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export interface OidcProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The paths that it was asked for, in order. */
  readonly asked: string[];
  /** What the last browser was sent here with. */
  readonly lastRequest: URLSearchParams;
  /** Whoever comes next is this person. */
  signedIn(person: Claims): void;
  misbehave(how: Misbehaviour): void;
  idToken(claims?: Claims): Promise<string>;
  close(): Promise<void>;
}

export const paths = {
  metadata: "/.well-known/openid-configuration",
  authorize: "/authorize",
  token: "/token",
  keys: "/jwks",
  user: "/userinfo",
} as const;

/** A provider of OpenID Connect on this machine, with which everybody is signed in already. */
export async function startOidcProvider(): Promise<OidcProvider> {
  const client = { clientId: `client-${randomUUID()}`, clientSecret: randomUUID() };
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const kid = randomUUID();
  const keys = {
    kid,
    privateKey,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256" },
  };
  const codes = codeBook<Claims>(client);
  const tokens = new Map<string, Claims>();
  let person: Claims = { sub: randomUUID() };
  let wrong: Misbehaviour = {};
  let lastRequest = new URLSearchParams();

  const idToken = async (claims: Claims = {}) => {
    const now = Math.floor(Date.now() / 1_000);
    const right = {
      iss: issuer,
      aud: client.clientId,
      iat: now,
      exp: now + 600,
      ...person,
      ...claims,
    };
    const all = Object.fromEntries(
      Object.entries({ ...right, ...wrong.claims }).filter(([, value]) => value !== undefined),
    );
    return (wrong.sign ?? signed)(all, keys);
  };

  const handlers: Record<string, (asked: Asked) => Promise<Answer> | Answer> = {
    [paths.metadata]: () => ({ body: { ...metadataOf(issuer), ...wrong.metadata } }),
    [paths.keys]: () => ({ body: { keys: [{ ...keys.publicJwk, ...wrong.key }] } }),
    [paths.authorize]({ query }) {
      lastRequest = query;
      const code = codes.issue(query, { ...person, nonce: query.get("nonce") });
      const right = { code, state: query.get("state") ?? undefined };
      return { status: 302, headers: { Location: backTo(query, { ...right, ...wrong.answer }) } };
    },
    async [paths.token](asked) {
      const redeemed = codes.redeem(asked);
      if ("error" in redeemed) return { status: 400, body: redeemed };
      const access_token = randomBytes(16).toString("hex");
      tokens.set(access_token, redeemed.holder);
      const at_hash = createHash("sha256").update(access_token).digest().subarray(0, 16);
      return {
        body: {
          access_token,
          token_type: "Bearer",
          expires_in: 3600,
          refresh_token: `refresh-${access_token}`,
          id_token: await idToken({
            ...redeemed.holder,
            at_hash: at_hash.toString("base64url"),
          }),
        },
      };
    },
    [paths.user]({ authorization }) {
      const holder = tokens.get(authorization.replace(/^Bearer /, ""));
      if (!holder) return { status: 401, body: { error: "invalid_token" } };
      return { body: { ...holder, ...wrong.userinfo } };
    },
  };
  const server = await serveJson(async (asked) => {
    if (wrong.delay) await setTimeout(wrong.delay);
    const reply = wrong.replies?.[asked.path] ?? handlers[asked.path];
    return reply ? reply(asked) : { status: 404 };
  });
  const issuer = server.origin;

  return {
    ...client,
    issuer,
    asked: server.asked,
    get lastRequest() {
      return lastRequest;
    },
    signedIn: (next) => {
      person = next;
    },
    misbehave: (how) => {
      wrong = how;
    },
    idToken,
    close: server.close,
  };
}

export function signed(claims: Claims, { kid, privateKey }: SigningKeys): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", typ: "JWT", kid }).sign(privateKey);
}

function metadataOf(issuer: string): Claims {
  return {
    issuer,
    authorization_endpoint: issuer + paths.authorize,
    token_endpoint: issuer + paths.token,
    jwks_uri: issuer + paths.keys,
    userinfo_endpoint: issuer + paths.user,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
  };
}

function backTo(query: URLSearchParams, answer: Record<string, string | undefined>): string {
  const url = new URL(query.get("redirect_uri") ?? "");
  for (const [name, value] of Object.entries(answer)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}
