import { createHash } from "node:crypto";
import { decodeJwt, errors, type JWK, type JWTPayload, jwtVerify } from "jose";
import type { AuthorizationServer } from "oauth4webapi";
import { Misfit, misconfigured, unreachable, unusable } from "./failures.ts";
import type { Provider } from "./provider.ts";
import type { Remote, RemoteKeys } from "./remote.ts";

/** The claims of an ID token that was verified. */
export type IdTokenClaims = JWTPayload & { readonly sub: string; readonly iss: string };

/** How a preset reads ID tokens. */
export interface IdTokenRules {
  /** The issuer as it is configured, from whose metadata alone come the keys. */
  issuer(provider: Provider): string;
  /**
   * Of one whose tenants issue: the issuer that a token with these claims must name, null where none
   * may.
   */
  tenantIssuer?(provider: Provider, claims: JWTPayload): string | null;
  /** Whether the address in these claims is verified and believed. */
  isEmailVerified(provider: Provider, claims: JWTPayload): boolean;
}

/** What an ID token must fit. */
export interface Expectation {
  /** Of whom it may be issued for; the client's own id is always among them. */
  readonly audiences: readonly string[];
  /** Null: the token has none. */
  readonly nonce: string | null;
  /** Whether the token may hold SHA-256 of the nonce in hex, as kits for native apps have it. */
  readonly mayHashNonce?: boolean;
  /** Those that came with the token, whose hashes it may hold. */
  readonly accessToken?: string | null;
  readonly code?: string | null;
}

const asymmetric = /^((RS|PS|ES)(256|384|512)|EdDSA|Ed25519)$/;
// Seconds by which a provider's clock may differ.
const tolerance = 60;

/**
 * Verifies an ID token (OpenID Connect Core 1.0 section 3.1.3.7). The configured issuer alone says where
 * the keys are, so that no token names its judge; an algorithm with a shared secret is never taken.
 *
 * @throws AuthError bad_oauth_callback for a token that proves nothing; service_unavailable,
 * unexpected_failure where that cannot be told
 */
export async function verifyIdToken(
  idToken: string,
  source: {
    readonly provider: Provider;
    readonly rules: IdTokenRules;
    readonly server: AuthorizationServer;
    readonly remote: Remote;
  },
  expectation: Expectation,
): Promise<IdTokenClaims> {
  const { provider, rules, server, remote } = source;
  const issuer = expectedIssuer(idToken, provider, rules);
  if (!issuer || !server.jwks_uri) throw unusable(new Misfit("iss"));
  const audiences = [provider.clientId, ...expectation.audiences];
  const keys = remote.keys(server.jwks_uri);
  const { payload, protectedHeader } = await jwtVerify(idToken, keys, {
    algorithms: algorithmsOf(provider, server),
    issuer,
    audience: audiences,
    clockTolerance: tolerance,
    maxTokenAge: "1d",
    requiredClaims: ["sub", "exp"],
  }).catch((error: unknown) => {
    throw isAboutToken(error) ? unusable(error) : unreachable(provider, "its keys", error);
  });
  const { alg, typ = "" } = protectedHeader;
  const fits = {
    sub: typeof payload.sub === "string",
    typ: /^(jwt)?$/i.test(typ),
    key: !rules.tenantIssuer || isKeyOfIssuer(keys, protectedHeader.kid, payload),
    azp: isForUs(payload, audiences),
    nonce: isNonce(payload.nonce, expectation),
    at_hash: isHashOf(payload.at_hash, expectation.accessToken, alg),
    c_hash: isHashOf(payload.c_hash, expectation.code, alg),
  };
  const [misfit] = Object.entries(fits).find(([, isFitting]) => !isFitting) ?? [];
  if (misfit) throw unusable(new Misfit(misfit));
  return payload as IdTokenClaims;
}

function expectedIssuer(idToken: string, provider: Provider, rules: IdTokenRules): string | null {
  if (!rules.tenantIssuer) return rules.issuer(provider);
  try {
    return rules.tenantIssuer(provider, decodeJwt(idToken));
  } catch (error) {
    throw unusable(error);
  }
}

// Where tenants share the place of their keys, a key can say whose tokens it signs, `{tenantid}` standing
// for each: one of a single tenant must not sign for another.
function isKeyOfIssuer(keys: RemoteKeys, kid: string | undefined, { iss, tid }: JWTPayload) {
  const candidates = keys.jwks()?.keys.filter((key) => kid === undefined || key.kid === kid) ?? [];
  return candidates.every(({ issuer }: JWK & { issuer?: unknown }) => {
    if (issuer === undefined) return true;
    return typeof issuer === "string" && issuer.replace("{tenantid}", () => String(tid)) === iss;
  });
}

function algorithmsOf(provider: Provider, server: AuthorizationServer): string[] {
  const announced = server.id_token_signing_alg_values_supported ?? ["RS256"];
  const algorithms = announced.filter((algorithm) => asymmetric.test(algorithm));
  if (algorithms.length === 0) throw misconfigured(provider, "it signs with no public key");
  return algorithms;
}

const aboutKeys = new Set(["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"]);

function isAboutToken(error: unknown): boolean {
  return error instanceof errors.JOSEError && !aboutKeys.has(error.code);
}

// Nobody but the client and those whom the operator lists may be beside it.
function isForUs({ aud, azp }: JWTPayload, audiences: readonly string[]): boolean {
  const all = [aud ?? []].flat();
  if (all.length > 1 && azp === undefined) return false;
  const named = azp === undefined ? all : [...all, azp];
  return named.every((party) => typeof party === "string" && audiences.includes(party));
}

function isNonce(claim: unknown, { nonce, mayHashNonce }: Expectation): boolean {
  if (nonce === null) return claim === undefined;
  if (claim === nonce) return true;
  return mayHashNonce === true && claim === createHash("sha256").update(nonce).digest("hex");
}

// OpenID Connect Core 1.0 section 3.1.3.6: the left half of the hash of the token's own algorithm.
function isHashOf(claim: unknown, text: string | null | undefined, algorithm: string): boolean {
  if (claim === undefined || !text) return true;
  const bits = /(256|384|512)$/.exec(algorithm)?.[1] ?? "512";
  const digest = createHash(`sha${bits}`).update(text, "ascii").digest();
  return claim === digest.subarray(0, digest.length / 2).toString("base64url");
}
