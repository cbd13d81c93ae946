import { randomUUID } from "node:crypto";
import type { JWTPayload } from "jose";
import type { GrantedClaims } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { isSignedBy, signJws } from "./jws.ts";
import type { JwtKey, KeySet } from "./keys.ts";
import { hasRepeatedNames } from "./repeated_names.ts";

/** A token that was verified: a user's session, or the project's own service. */
export type VerifiedToken =
  | { readonly kind: "user"; readonly userId: string; readonly sessionId: string }
  | { readonly kind: "service" };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Seconds by which this machine's clock may trail the database's, which sets `iat` and `nbf`. */
const clockLeeway = 60;

/**
 * Signs an access token. The claims are SQL's; only issuer and token id are added here. `sub`,
 * `session_id`, `role`, `aal`, `exp` and `db_mac` come before all that a user can write, since the
 * SQL helpers take the first of each name.
 */
export async function signAccessToken(
  keys: KeySet,
  issuer: string,
  claims: GrantedClaims,
): Promise<string> {
  const { sub, aud, exp, iat, session_id, role, aal, db_mac, ...rest } = claims;
  return signJws(keys.active, {
    iss: issuer,
    sub,
    aud,
    exp,
    iat,
    jti: randomUUID(),
    session_id,
    role,
    aal,
    db_mac,
    ...rest,
  });
}

/**
 * Verifies a token of this project by its signature and claims; whether its session still lives is
 * SQL's to say.
 *
 * @throws AuthError bad_jwt
 */
export async function verifyAccessToken(
  keys: KeySet,
  issuer: string,
  token: string,
): Promise<VerifiedToken> {
  const [header, body, signature, ...others] = token.split(".", 4).map(readBase64url);
  if (!header || !body || !signature || others.length > 0) throw unverified();
  const key = chooseKey(keys, readHeader(header));
  if (!(await isSignedBy(key, token))) throw unverified();
  const payload: JWTPayload = parseObject(body);
  requireValidTimes(payload);

  if (payload.role === "service_role" && payload.session_id === undefined) {
    return { kind: "service" };
  }
  if (payload.iss !== issuer) throw badJwt("token is of another issuer");
  if (payload.aud !== "authenticated") throw badJwt("token is for another audience");
  if (payload.exp === undefined) throw badJwt("token has no expiry");
  const { sub, session_id } = payload;
  if (typeof sub !== "string" || !uuid.test(sub)) throw badJwt("missing sub claim");
  if (typeof session_id !== "string" || !uuid.test(session_id)) {
    throw badJwt("missing session_id claim");
  }
  return { kind: "user", userId: sub, sessionId: session_id };
}

interface Header {
  readonly alg: unknown;
  readonly kid: unknown;
}

// The header chooses among this project's keys and nothing else: `jwk`, `jku`, `x5u` and the like
// are never looked at (RFC 8725 section 3.10).
function chooseKey(keys: KeySet, { alg, kid }: Header): JwtKey {
  const named = typeof kid === "string" ? keys.all.get(kid) : undefined;
  const key = named ?? (alg === "HS256" ? sharedSecret(keys) : undefined);
  if (!key || key.algorithm !== alg) throw unverified();
  return key;
}

function sharedSecret(keys: KeySet): JwtKey | undefined {
  if (keys.active.algorithm === "HS256") return keys.active;
  return [...keys.all.values()].find((key) => key.algorithm === "HS256");
}

function readHeader(bytes: Buffer): Header {
  const { alg, kid, typ, crit } = parseObject(bytes);
  if (crit !== undefined) throw badJwt("token has critical headers");
  if (typ !== undefined && !(typeof typ === "string" && typ.toUpperCase() === "JWT")) {
    throw badJwt("token is of another type");
  }
  return { alg, kid };
}

// Decoders pass over idle bits, padding and white space: only one spelling of a token is that token.
function readBase64url(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return part !== "" && bytes.toString("base64url") === part ? bytes : undefined;
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  const json = bytes.toString("utf8");
  const value = parseJson(json);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unverified();
  if (hasRepeatedNames(json, value)) throw badJwt("token names something twice");
  return value as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unverified();
  }
}

// Leeway is for what the database's clock may be ahead; an expiry has none.
function requireValidTimes({ exp, iat, nbf }: JWTPayload): void {
  const now = Date.now() / 1000;
  if (exp !== undefined && !(Number.isSafeInteger(exp) && exp > now)) {
    throw badJwt("token is expired");
  }
  if (nbf !== undefined && !isPast(nbf, now)) throw badJwt("token is not valid yet");
  if (iat !== undefined && !isPast(iat, now)) throw badJwt("token was issued in the future");
}

function isPast(time: unknown, now: number): boolean {
  return Number.isFinite(time) && (time as number) <= now + clockLeeway;
}

function unverified(): AuthError {
  return badJwt("unable to parse or verify signature");
}

function badJwt(reason: string): AuthError {
  return new AuthError("bad_jwt", { message: `invalid JWT: ${reason}` });
}
