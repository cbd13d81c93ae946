import type { Logger } from "pino";
import { openBreaches } from "../breaches/lookup.ts";
import type { Database } from "../database/database.ts";
import type { UserJson } from "../database/functions.ts";
import { canonicalEmail } from "../emails/canonical.ts";
import { AuthError } from "../errors.ts";
import { createHasher, type Hasher } from "../passwords/hasher.ts";
import { newSalt } from "../passwords/salt.ts";
import { type BreachCheck, requireStrong } from "../passwords/sign_up.ts";
import { readSettings } from "../projects/settings.ts";
import { callAsOwner } from "./call.ts";

export interface NewUser {
  readonly email: string;
  /** Held to the project's rules; without one the user cannot sign in by password. */
  readonly password?: string;
  /** Whether the address counts as confirmed. */
  readonly confirmed?: boolean;
  /** Becomes the user's metadata. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface CreateUserOptions {
  /** Asked where the project has `breached_passwords`, as in `createAuth`. */
  readonly breachedPasswordsUrl?: string;
  /** Told when that cannot be asked; silent by default. */
  readonly logger?: Logger;
}

/**
 * Makes a user, also where sign-up is off; opens no session and sends no mail.
 *
 * @throws AuthError project_not_found, validation_failed, weak_password, user_already_exists
 */
export async function createUser(
  database: Database,
  projectId: string,
  { email: typed, password, confirmed = false, data }: NewUser,
  { breachedPasswordsUrl, logger }: CreateUserOptions = {},
): Promise<UserJson> {
  const email = canonicalEmail(typed);
  if (email === null) {
    throw new AuthError("validation_failed", {
      message: "Unable to validate email address: invalid format",
    });
  }
  const isBreached = openBreaches({ url: breachedPasswordsUrl, logger });
  const hash =
    password === undefined
      ? null
      : await hashed(database, projectId, { email, password, isBreached });
  const { user } = await callAsOwner<{ user: UserJson }>(
    database,
    projectId,
    "admin_create_user($1::text, $2::text, $3::text, $4::jsonb, $5::boolean)",
    [email, typed, hash, data === undefined ? null : JSON.stringify(data), confirmed],
  );
  return user;
}

async function hashed(
  database: Database,
  projectId: string,
  { email, password, isBreached }: { email: string; password: string; isBreached: BreachCheck },
) {
  const settings = await readSettings(database, projectId);
  const cost = Number(settings.bcrypt_cost);
  const minLength = Number(settings.password_min_length);
  const context = [projectId, String(settings.name)];
  const check = settings.breached_passwords === "check" ? { isBreached } : {};
  await requireStrong(password, { minLength, cost, context, ...check }, email);
  return withHasher((hasher) => hasher.hash(password, newSalt(cost), projectId));
}

async function withHasher<T>(work: (hasher: Hasher) => Promise<T>): Promise<T> {
  const hasher = createHasher({ concurrency: 1 });
  try {
    return await work(hasher);
  } finally {
    await hasher.close();
  }
}
