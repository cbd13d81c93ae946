import type { Client, LinkAccount, ProjectFunctions, Redeemed } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import type { SecretBox } from "../projects/secret_box.ts";
import { codeMacs, parseCode, parseOneTimeToken } from "./one_time_token.ts";

// What a client calls a mail's type, and the purposes it may stand for.
const purposesOfType: Record<string, readonly string[]> = {
  signup: ["signup"],
  invite: ["invite"],
  magiclink: ["magiclink"],
  recovery: ["recovery"],
  email_change: ["email_change", "email_change_current"],
  email: ["signup", "magiclink"],
};

/** The types of {@link redeemLink} and {@link redeemCode}. */
export const redeemableTypes = Object.keys(purposesOfType);

export interface Redemption {
  /** One of {@link redeemableTypes}. */
  readonly type: string;
  /** Hash of the refresh token that a new session would have. */
  readonly refreshHash: Uint8Array;
  readonly client: Client;
}

/**
 * Redeems a mailed link, once. With `codeHash`, a client that asked with a PKCE challenge gets an
 * authorization code instead of a session.
 *
 * @throws AuthError otp_expired for wrong, used, stale and of another type alike; user_banned,
 * email_exists
 */
export async function redeemLink(
  functions: ProjectFunctions,
  token: string,
  { type, refreshHash, client, codeHash }: Redemption & { readonly codeHash?: Uint8Array },
): Promise<Redeemed> {
  const parsed = parseOneTimeToken(token);
  if (!parsed) throw new AuthError("otp_expired");
  return accepted(
    await functions.verifyLink({
      purposes: purposesOf(type),
      tokenHash: parsed.hash,
      refreshHash,
      codeHash: codeHash ?? null,
      client,
    }),
  );
}

/** For whom a link is, null when it is not good; consumes nothing. */
export async function accountOfLink(
  functions: ProjectFunctions,
  token: string,
  type: string,
): Promise<LinkAccount | null> {
  const parsed = parseOneTimeToken(token);
  if (!parsed) return null;
  const account = await functions.linkAccount({
    purposes: purposesOf(type),
    tokenHash: parsed.hash,
  });
  return account.outcome === null ? (account as LinkAccount) : null;
}

/**
 * Redeems a typed code. A guess is paid for by the address, whether or not anybody has it.
 *
 * @throws AuthError otp_expired, over_request_rate_limit, user_banned, email_exists
 */
export async function redeemCode(
  functions: ProjectFunctions,
  box: SecretBox,
  { email, code }: { readonly email: string; readonly code: string },
  { type, refreshHash, client }: Redemption,
): Promise<Redeemed> {
  const parsed = parseCode(code);
  if (!parsed) throw new AuthError("otp_expired");
  const candidates = Object.fromEntries(
    purposesOf(type).map((purpose) => [
      purpose,
      codeMacs(box, { purpose, subject: email }, parsed),
    ]),
  );
  return accepted(await functions.verifyCode({ email, candidates, refreshHash, client }));
}

function purposesOf(type: string): readonly string[] {
  const purposes = Object.hasOwn(purposesOfType, type) ? purposesOfType[type] : undefined;
  if (purposes) return purposes;
  throw new AuthError("validation_failed", {
    message: `type is one of ${redeemableTypes.join(", ")}`,
  });
}
