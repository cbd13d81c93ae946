import type { Client, MailOffer, ProjectFunctions } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import type { PasswordHasher } from "./hasher.ts";
import { prepare } from "./prepare.ts";
import { newSalt } from "./salt.ts";
import { assessPassword, breached } from "./strength.ts";

/** Says whether a password stands in a known leak; false also where that cannot be found out. */
export type BreachCheck = (password: string) => Promise<boolean>;

/** What a project asks of a new password. */
export interface PasswordPolicy {
  readonly minLength: number;
  readonly cost: number;
  /** Words that a password must not be made of: the project's name and id. */
  readonly context: readonly string[];
  /** Where the project wants leaks looked at, too. */
  readonly isBreached?: BreachCheck | undefined;
}

export interface SignUp {
  /** Canonical. */
  readonly email: string;
  readonly emailAsTyped: string;
  readonly password: string;
  readonly userMetadata: object | null;
  readonly tokenHash: Uint8Array;
  /** What a mail about it would carry. */
  readonly mail: MailOffer;
  readonly client: Client;
}

/**
 * Signs a user up: one hash and one SQL call, whether the address is known or not.
 *
 * @throws AuthError validation_failed, weak_password, user_already_exists, signup_disabled,
 * over_request_rate_limit, service_unavailable
 */
export async function signUp(
  functions: ProjectFunctions,
  hasher: PasswordHasher,
  policy: PasswordPolicy,
  { password, ...input }: SignUp,
) {
  await requireStrong(password, policy, input.email);
  const passwordHash = await hasher.hash(password, newSalt(policy.cost));
  return accepted(await functions.signup({ ...input, passwordHash }));
}

/**
 * Refuses a password that cannot be one or is easily guessed, before it costs a hash.
 *
 * @throws AuthError validation_failed, weak_password
 */
export async function requireStrong(
  password: string,
  policy: PasswordPolicy,
  email: string,
): Promise<void> {
  prepare(password);
  const { minLength, context, isBreached } = policy;
  const weakness = assessPassword(password, { minLength, context: [email, ...context] });
  if (weakness) throw new AuthError("weak_password", weakness);
  if (await isBreached?.(password)) throw new AuthError("weak_password", breached);
}
