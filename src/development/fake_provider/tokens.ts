import { createHash, randomBytes, randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { Person } from "./person.ts";
import type { AuthorizationRequest, FakeClient } from "./request.ts";

/** What the fake provider has given out, for as long as this process lives. */
export interface Tokens {
  readonly publicKey: JWK;
  /** A code that is good once, and for a minute. */
  issueCode(request: AuthorizationRequest, person: Person): string;
  /** The reply to a token request, or the error of RFC 6749 section 5.2. */
  exchange(form: URLSearchParams): Promise<{ readonly access_token: string } | TokenError>;
  holder(accessToken: string): Person | undefined;
}

export interface TokenError {
  readonly error: "invalid_client" | "invalid_grant" | "unsupported_grant_type";
}

interface Grant {
  readonly request: AuthorizationRequest;
  readonly person: Person;
}

// Seconds.
const codeLifetime = 60;
const tokenLifetime = 3_600;

/** The signing key is made anew at each start, as is everything signed with it. */
export async function openTokens(issuer: string, client: FakeClient): Promise<Tokens> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const kid = randomUUID();
  const codes = new LRUCache<string, Grant>({ max: 1_000, ttl: codeLifetime * 1_000 });
  const holders = new LRUCache<string, Person>({ max: 1_000, ttl: tokenLifetime * 1_000 });

  const idToken = ({ request: { nonce }, person }: Grant) =>
    new SignJWT({ ...person, ...(nonce === null ? {} : { nonce }) })
      .setProtectedHeader({ alg: "ES256", typ: "JWT", kid })
      .setIssuer(issuer)
      .setAudience(client.clientId)
      .setIssuedAt()
      .setExpirationTime(`${tokenLifetime} s`)
      .sign(privateKey);

  return {
    publicKey: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" },
    issueCode(request, person) {
      const code = randomBytes(24).toString("base64url");
      codes.set(code, { request, person });
      return code;
    },
    async exchange(form) {
      const refusal = clientRefusal(form, client);
      if (refusal) return { error: refusal };
      const code = form.get("code") ?? "";
      const grant = codes.get(code);
      codes.delete(code);
      if (!grant || !isHolder(grant, form)) return { error: "invalid_grant" };
      const access_token = randomBytes(24).toString("base64url");
      holders.set(access_token, grant.person);
      const reply = { access_token, token_type: "Bearer", expires_in: tokenLifetime };
      return { ...reply, id_token: await idToken(grant) };
    },
    holder: (accessToken) => holders.get(accessToken),
  };
}

function clientRefusal(form: URLSearchParams, client: FakeClient): TokenError["error"] | null {
  const isClient =
    form.get("client_id") === client.clientId && form.get("client_secret") === client.clientSecret;
  if (!isClient) return "invalid_client";
  return form.get("grant_type") === "authorization_code" ? null : "unsupported_grant_type";
}

function isHolder({ request }: Grant, form: URLSearchParams): boolean {
  const verifier = form.get("code_verifier") ?? "";
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  return challenge === request.challenge && form.get("redirect_uri") === request.redirectUri;
}
