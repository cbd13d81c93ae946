import { createHash, randomBytes } from "node:crypto";
import type { Client, Grant, ProjectFunctions } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";

/** What a redirect carries in place of tokens: 256 random bits, of which SQL sees the SHA-256. */
export interface AuthorizationCode {
  readonly text: string;
  readonly hash: Buffer;
}

export function newAuthorizationCode(): AuthorizationCode {
  const text = randomBytes(32).toString("base64url");
  return { text, hash: hashOf(text) };
}

/**
 * Turns a session that was just opened into a code for the client that sent the S256 challenge; the
 * session is gone, and the client opens one of its own.
 *
 * @throws AuthError session_not_found for a session that was used already
 */
export async function codeForSession(
  functions: ProjectFunctions,
  session: {
    readonly refreshHash: Uint8Array;
    readonly codeChallenge: string;
    readonly client: Client;
  },
): Promise<AuthorizationCode> {
  const code = newAuthorizationCode();
  accepted(await functions.codeForSession({ ...session, codeHash: code.hash }));
  return code;
}

/** A session, with what waited with the code. */
export interface Exchanged extends Grant {
  /** Tokens of an identity provider, sealed; hex. */
  readonly provider_tokens: string | null;
}

/**
 * Exchanges a code for a session. The verifier stays here: SQL compares its challenge (S256, RFC 7636
 * section 4.6).
 *
 * @throws AuthError validation_failed, flow_state_not_found, flow_state_expired, bad_code_verifier,
 * user_banned
 */
export async function exchangeCode(
  functions: ProjectFunctions,
  code: string,
  verifier: string,
  session: { readonly refreshHash: Uint8Array; readonly client: Client },
): Promise<Exchanged> {
  // RFC 7636 section 4.1.
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) throw new AuthError("bad_code_verifier");
  const codeChallenge = createHash("sha256").update(verifier).digest("base64url");
  return accepted(
    await functions.exchangeCode({ codeHash: hashOf(code), codeChallenge, ...session }),
  );
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
