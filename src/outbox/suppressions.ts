import type { Database } from "../database/database.ts";
import { canonicalEmail } from "../emails/canonical.ts";
import { AuthError } from "../errors.ts";
import { askOutbox } from "./queue.ts";

export const suppressionReasons = ["bounce", "complaint", "manual"] as const;

export type SuppressionReason = (typeof suppressionReasons)[number];

/** An address that a project sends no mail to. Times are RFC 3339. */
export interface Suppression {
  /** Canonical. */
  readonly address: string;
  readonly reason: SuppressionReason;
  readonly suppressed_at: string;
  /** Null where it lasts until it is lifted. */
  readonly expires_at: string | null;
}

/**
 * Sends no more mail of a project to an address: for 30 days after a bounce, else until it is lifted.
 * Mail to it is asked for as before, and dropped when it would leave.
 *
 * @throws AuthError project_not_found, validation_failed for an address that is none
 */
export async function suppressAddress(
  database: Database,
  projectId: string,
  address: string,
  reason: SuppressionReason = "manual",
): Promise<Suppression> {
  const params = [projectId, canonical(address), reason];
  return askOfProject(database, "suppress_address($1, $2, $3)", params);
}

/**
 * Lets mail of a project go to an address again.
 *
 * @param address null for all addresses that bounced
 * @returns how many were suppressed
 * @throws AuthError project_not_found, validation_failed for an address that is none
 */
export async function liftSuppression(
  database: Database,
  projectId: string,
  address: string | null,
): Promise<number> {
  const canonicalAddress = address === null ? null : canonical(address);
  return askOfProject(database, "lift_suppression($1, $2)", [projectId, canonicalAddress]);
}

/**
 * The addresses that a project sends no mail to, the newest first.
 *
 * @throws AuthError project_not_found
 */
export function listSuppressions(
  database: Database,
  projectId: string,
  limit = 100,
): Promise<Suppression[]> {
  return askOfProject(database, "list_suppressions($1, $2::integer)", [projectId, limit]);
}

async function askOfProject<T>(database: Database, call: string, params: readonly unknown[]) {
  const answer = await askOutbox<T | null>(database, call, params);
  if (answer === null) throw new AuthError("project_not_found");
  return answer;
}

function canonical(address: string): string {
  const email = canonicalEmail(address);
  if (email === null) throw new AuthError("validation_failed", { message: "This is no address" });
  return email;
}
