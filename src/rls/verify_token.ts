import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { AuthError } from "../errors.ts";

/** The claims of an access token, as far as policies and handlers use them. */
export interface TokenClaims extends JWTPayload {
  readonly sub: string;
  readonly role?: string;
  readonly email?: string;
  readonly session_id?: string;
  readonly aal?: string;
}

/** A token and what it says, once its signature has been checked. */
export interface VerifiedToken {
  readonly token: string;
  readonly claims: TokenClaims;
}

/**
 * What verifies: AUTH_JWT_SECRET as text, a JWK set, or jose's `createRemoteJWKSet(...)` of
 * `AUTH_URL/.well-known/jwks.json`.
 */
export type VerificationKey = string | JSONWebKeySet | JWTVerifyGetKey;

export interface VerifyOptions {
  /** Refuse tokens of any other issuer: AUTH_URL. */
  readonly issuer?: string;
  /** Seconds by which clocks may differ; 0 by default. */
  readonly clockTolerance?: number;
}

const asymmetric = ["ES256", "RS256"];

/**
 * Verifies an access token with the algorithm that fits the key, never with the one that the token
 * asks for. Does not ask whether the session still lives: `live_uid()` in a policy does.
 *
 * @throws AuthError bad_jwt; service_unavailable when the key set could not be fetched
 * @throws RangeError for a secret under 32 bytes, such as one that was never set
 * @example
 * ```ts
 * const user = await verifyToken(token, process.env.AUTH_JWT_SECRET ?? "");
 * const rows = await withUser(pool, user, (client) => client.query("select * from appointments"));
 * ```
 */
export async function verifyToken(
  token: string,
  key: VerificationKey,
  { issuer, clockTolerance = 0 }: VerifyOptions = {},
): Promise<VerifiedToken> {
  const checks = { audience: "authenticated", clockTolerance, requiredClaims: ["sub", "exp"] };
  const options = issuer === undefined ? checks : { ...checks, issuer };
  const verify = verifier(key);
  try {
    const { payload } = await verify(token, options);
    return { token, claims: payload as TokenClaims };
  } catch (cause) {
    throw new AuthError(isOfTheToken(cause) ? "bad_jwt" : "service_unavailable", { cause });
  }
}

// A key set that cannot be fetched says nothing of the token: whoever is signed in stays so.
function isOfTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== "ERR_JOSE_GENERIC"
  );
}

type Options = Parameters<typeof jwtVerify>[2];

function verifier(key: VerificationKey) {
  if (typeof key === "string") {
    const secret = new TextEncoder().encode(key);
    if (secret.length < 32) throw new RangeError("AUTH_JWT_SECRET has at least 32 bytes");
    return (token: string, options: Options) =>
      jwtVerify(token, secret, { ...options, algorithms: ["HS256"] });
  }
  const keys = typeof key === "function" ? key : createLocalJWKSet(key);
  return (token: string, options: Options) =>
    jwtVerify(token, keys, { ...options, algorithms: asymmetric });
}
