import type { Caller, Client, ProjectFunctions } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { makeGuess } from "./guess.ts";
import type { PasswordHasher } from "./hasher.ts";
import { prepare } from "./prepare.ts";
import { hashProof } from "./proof.ts";
import { newSalt } from "./salt.ts";
import type { PasswordPolicy } from "./sign_up.ts";

/** Proof of the current password for one SQL call, and the guess that pays for it. */
export interface CurrentPasswordProof {
  readonly attempt: string | null;
  readonly currentProof: Buffer | null;
}

/** What SQL must know to change a password. */
export interface PasswordChange extends CurrentPasswordProof {
  readonly passwordHash: string | null;
  /** The new password under the stored salt: tells whether it is the old one. */
  readonly newProof: Buffer | null;
}

const nothingProved: CurrentPasswordProof = { attempt: null, currentProof: null };

/** Who proves or changes its password, and from where. */
export interface PasswordHolder {
  readonly caller: Caller;
  readonly client: Client;
  /** The statuses of refusals that are about the caller's session. */
  readonly statuses: Parameters<typeof accepted>[1];
}

/**
 * Hashes the current password as the caller gave it. A guess at it is paid for like a sign-in.
 *
 * @throws AuthError over_request_rate_limit, service_unavailable, and about the caller's session
 */
export async function proveCurrentPassword(
  functions: ProjectFunctions,
  hasher: PasswordHasher,
  { caller, client, statuses }: PasswordHolder,
  password: string | null,
): Promise<CurrentPasswordProof> {
  if (password === null) return nothingProved;
  prepare(password);
  hasher.requireRoom();
  const { attempt, salt } = accepted(
    await functions.ownPasswordSalt({ caller, isGuess: true, client }),
    statuses,
  );
  if (salt === null) throw new AuthError("current_password_invalid");
  const hash = await makeGuess(functions, attempt, () => hasher.hash(password, salt));
  return { attempt, currentProof: hashProof(hash) };
}

/**
 * Hashes a new password, and the current one when it is given. The new password's strength is the
 * caller's to check before.
 *
 * @throws AuthError over_request_rate_limit, service_unavailable, and about the caller's session
 */
export async function preparePasswordChange(
  functions: ProjectFunctions,
  hasher: PasswordHasher,
  policy: PasswordPolicy,
  { caller, client, statuses }: PasswordHolder,
  passwords: { readonly current: string | null; readonly next: string },
): Promise<PasswordChange> {
  const { current, next } = passwords;
  if (current !== null) prepare(current);
  hasher.requireRoom();
  const { attempt, salt } = accepted(
    await functions.ownPasswordSalt({ caller, isGuess: current !== null, client }),
    statuses,
  );
  if (current !== null && salt === null) throw new AuthError("current_password_invalid");

  const proofOf = async (password: string | null) =>
    password === null || salt === null ? null : hashProof(await hasher.hash(password, salt));
  const [currentProof, newProof, passwordHash] = await makeGuess(functions, attempt, () =>
    Promise.all([proofOf(current), proofOf(next), hasher.hash(next, newSalt(policy.cost))]),
  );
  return { attempt, currentProof, newProof, passwordHash };
}
