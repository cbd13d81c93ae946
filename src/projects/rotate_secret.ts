import { randomBytes } from "node:crypto";
import type { Database, Transaction } from "../database/database.ts";
import type { Configuration } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { openSecret } from "./environment.ts";
import { requireJwtSecret } from "./jwt_secret.ts";
import { asProjectOwner } from "./registry.ts";
import { jwtKeyContext, type Keyring, seal } from "./secrets.ts";

export interface NewSecret {
  readonly keyring: Keyring;
  /** A secret of one's own, at least 32 bytes; made from a CSPRNG without one. */
  readonly jwtSecret?: string;
}

export interface PublishedSecret {
  readonly AUTH_JWT_SECRET_NEXT: string;
}

export interface ActivatedSecret {
  readonly AUTH_JWT_SECRET: string;
  /** Until when tokens of the secret before it verify; RFC 3339. */
  readonly accepted_until: string;
}

const longestOverlap = 365 * 24 * 3_600;

/**
 * Publishes the secret that is to sign next: it verifies from now on, in every server within five
 * seconds, and signs once it is activated. One that waits already is replaced only when `replaces`
 * says so: apps may have adopted it.
 *
 * @throws AuthError project_not_found, validation_failed, conflict when one waits already
 */
export async function publishNextSecret(
  database: Database,
  id: string,
  { replaces = false, ...secret }: NewSecret & { readonly replaces?: boolean },
): Promise<PublishedSecret> {
  return asProjectOwner(database, id, async (tx) => {
    const { jwtSecret, kid, sealed } = await newKey(tx, id, secret);
    const outcome = await outcomeOf(
      tx,
      "publish_jwt_key($1, 'HS256', $2::bytea, null, $3::boolean)",
      [kid, sealed, replaces],
    );
    if (outcome.outcome === null) return { AUTH_JWT_SECRET_NEXT: jwtSecret };
    throw new AuthError("conflict", {
      message: `A next secret of ${id} waits already: activate it, or replace it if no app has it yet`,
    });
  });
}

/**
 * Lets the published secret sign. Tokens of the one before it verify for `overlap` seconds more, an
 * hour by default; a shorter time than tokens live makes clients refresh theirs early.
 *
 * @throws AuthError project_not_found, validation_failed when none waits
 */
export async function activateNextSecret(
  database: Database,
  id: string,
  { keyring, overlap = 3_600 }: { readonly keyring: Keyring; readonly overlap?: number },
): Promise<ActivatedSecret> {
  if (!Number.isSafeInteger(overlap) || overlap < 0 || overlap > longestOverlap) {
    throw new AuthError("validation_failed", {
      message: "An overlap is from 0 seconds to 365 days",
    });
  }
  return asProjectOwner(database, id, async (tx) => {
    const outcome = await outcomeOf(tx, "activate_jwt_key($1::integer)", [overlap]);
    if (outcome.outcome !== null) {
      throw new AuthError("validation_failed", {
        message: `No next secret of ${id} waits to be activated; publish one first`,
      });
    }
    const active = (await keysOf(tx)).find((key) => key.kid === outcome.kid);
    if (!active) throw new AuthError("unexpected_failure");
    return {
      AUTH_JWT_SECRET: openSecret(id, active, keyring),
      accepted_until: outcome.accepted_until ?? "",
    };
  });
}

/**
 * After a leak: a new secret signs at once, and every token of before is refused, by the servers
 * within five seconds and by `verified_uid()` in the next statement. Refresh tokens go on working,
 * so nobody has to sign in again.
 *
 * @throws AuthError project_not_found, validation_failed
 */
export async function replaceSecretNow(
  database: Database,
  id: string,
  secret: NewSecret,
): Promise<{ readonly AUTH_JWT_SECRET: string }> {
  return asProjectOwner(database, id, async (tx) => {
    const { jwtSecret, kid, sealed } = await newKey(tx, id, secret);
    await tx.query("select replace_jwt_keys($1, 'HS256', $2::bytea, null)", [kid, sealed]);
    return { AUTH_JWT_SECRET: jwtSecret };
  });
}

async function newKey(tx: Transaction, id: string, secret: NewSecret) {
  const { keyring, jwtSecret = randomBytes(32).toString("hex") } = secret;
  requireJwtSecret(jwtSecret);
  // Opening them also shows that this keyring is the one that servers have.
  const inUse = (await keysOf(tx)).map((key) => openSecret(id, key, keyring));
  if (inUse.includes(jwtSecret)) {
    throw new AuthError("validation_failed", {
      message: "This secret is one that the project has already",
    });
  }
  const kid = randomBytes(12).toString("base64url");
  return { jwtSecret, kid, sealed: seal(keyring, jwtSecret, jwtKeyContext(id, kid)) };
}

async function keysOf(tx: Transaction): Promise<Configuration["jwt_keys"]> {
  const [row] = await tx.query<{ value: Configuration }>("select configuration() as value");
  return row?.value.jwt_keys ?? [];
}

async function outcomeOf(tx: Transaction, call: string, params: unknown[]) {
  const [row] = await tx.query<{
    value: { outcome: string | null; kid?: string; accepted_until?: string };
  }>(`select ${call} as value`, params);
  if (!row) throw new AuthError("unexpected_failure");
  return row.value;
}
