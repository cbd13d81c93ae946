import type { Client, Grant, ProjectFunctions } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import type { PasswordHasher } from "./hasher.ts";
import { newSalt } from "./salt.ts";
import { type PasswordPolicy, requireStrong } from "./sign_up.ts";

/** A new password, and the refresh token of the session that comes with it. */
export interface PasswordReset {
  readonly password: string;
  readonly refreshHash: Uint8Array;
  readonly client: Client;
}

/**
 * Sets a password by the link of a recovery mail. A weak password consumes nothing, and a link that is
 * not good costs no hash.
 *
 * @throws AuthError otp_expired, weak_password, validation_failed, user_banned, service_unavailable
 */
export async function resetByLink(
  functions: ProjectFunctions,
  hasher: PasswordHasher,
  policy: PasswordPolicy,
  tokenHash: Uint8Array,
  reset: PasswordReset,
): Promise<Grant> {
  const { email } = accepted(await functions.linkAccount({ purposes: ["recovery"], tokenHash }));
  await requireStrong(reset.password, policy, email);
  const proof = { tokenHash, attempt: null, email: null, macs: null };
  return setPassword(functions, hasher, policy, proof, reset);
}

/**
 * Sets a password by the typed code of a recovery mail. The guess is paid for before the password is
 * hashed.
 *
 * @param macs those that the code may be stored under, in hex
 * @throws AuthError otp_expired, weak_password, validation_failed, over_request_rate_limit, user_banned,
 * service_unavailable
 */
export async function resetByCode(
  functions: ProjectFunctions,
  hasher: PasswordHasher,
  policy: PasswordPolicy,
  { email, macs }: { readonly email: string; readonly macs: readonly string[] },
  reset: PasswordReset,
): Promise<Grant> {
  await requireStrong(reset.password, policy, email);
  const { client } = reset;
  const { attempt } = accepted(await functions.checkRecoveryCode({ email, macs, client }));
  return setPassword(functions, hasher, policy, { tokenHash: null, attempt, email, macs }, reset);
}

async function setPassword(
  functions: ProjectFunctions,
  hasher: PasswordHasher,
  policy: PasswordPolicy,
  proof: {
    readonly tokenHash: Uint8Array | null;
    readonly attempt: string | null;
    readonly email: string | null;
    readonly macs: readonly string[] | null;
  },
  { password, refreshHash, client }: PasswordReset,
): Promise<Grant> {
  const passwordHash = await hasher.hash(password, newSalt(policy.cost));
  return accepted(await functions.resetPassword({ ...proof, passwordHash, refreshHash, client }));
}
