import type { Client, Grant, ProjectFunctions } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { makeGuess } from "./guess.ts";
import type { PasswordHasher } from "./hasher.ts";
import { prepare } from "./prepare.ts";
import { hashProof } from "./proof.ts";
import { newSalt } from "./salt.ts";

export interface SignIn {
  /** Canonical. */
  readonly email: string;
  readonly password: string;
  readonly tokenHash: Uint8Array;
  readonly client: Client;
}

/**
 * Signs in: a guess is paid for and its salt fetched, the password hashed, the proof compared in
 * SQL. An unknown address takes the same path with a decoy salt. A hash of an older cost is renewed
 * with a third call.
 *
 * @throws AuthError validation_failed, invalid_credentials, over_request_rate_limit, user_banned,
 * email_not_confirmed, service_unavailable
 */
export async function signIn(
  functions: ProjectFunctions,
  hasher: PasswordHasher,
  cost: number,
  { email, password, tokenHash, client }: SignIn,
): Promise<Grant> {
  prepare(password);
  hasher.requireRoom();
  const { attempt, salt } = accepted(await functions.passwordSalt({ email, client }));
  if (attempt === null || salt === null) throw new AuthError("unexpected_failure");

  const proof = hashProof(await makeGuess(functions, attempt, () => hasher.hash(password, salt)));
  const granted = accepted(await functions.login({ attempt, email, proof, tokenHash, client }));
  if (granted.renew_hash) {
    await renewHash(async () => {
      const passwordHash = await hasher.hash(password, newSalt(cost));
      await functions.renewPasswordHash({ userId: granted.claims.sub, proof, passwordHash });
    });
  }
  return granted;
}

// The session is open already: a server that is too busy for this leaves it to the next sign-in.
async function renewHash(renew: () => Promise<void>): Promise<void> {
  try {
    await renew();
  } catch (error) {
    if (!(error instanceof AuthError && error.code === "service_unavailable")) throw error;
  }
}
