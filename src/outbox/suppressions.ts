import type { Database } from "../database/database.ts";
import { canonicalEmail } from "../emails/canonical.ts";
import { AuthError } from "../errors.ts";
import {
  actAsAdministrator,
  administer,
  administration,
  asOwner,
} from "../projects/administration.ts";
import { projectNotFound, requireProject } from "../projects/registry.ts";
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
  const email = canonical(address);
  return change<Suppression>(
    database,
    projectId,
    "suppress_address($1, $2, $3)",
    [email, reason],
    () => ({
      name: "mail_suppressed",
      detail: { reason },
    }),
  );
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
  const email = address === null ? null : canonical(address);
  return change<number>(database, projectId, "lift_suppression($1, $2)", [email], (lifted) =>
    lifted === 0 ? null : { name: "mail_suppression_lifted", detail: { lifted } },
  );
}

/**
 * The addresses that a project sends no mail to, the newest first.
 *
 * @throws AuthError project_not_found
 */
export async function listSuppressions(
  database: Database,
  projectId: string,
  limit = 100,
): Promise<Suppression[]> {
  const call = "list_suppressions($1, $2::integer)";
  const list = await askOutbox<Suppression[] | null>(database, call, [projectId, limit]);
  if (list === null) throw projectNotFound(projectId);
  return list;
}

interface Event {
  readonly name: string;
  readonly detail: object;
}

/**
 * Changes the list by a function of the outbox, and says so in the project's audit log, which names no
 * address but the user who has it.
 *
 * @param params after the project: the address or null, and what else the function takes
 */
async function change<T>(
  database: Database,
  projectId: string,
  call: string,
  params: readonly (string | null)[],
  eventOf: (answer: T) => Event | null,
): Promise<T> {
  const project = await requireProject(database, projectId);
  return administer(database, async (tx) => {
    const mode = await administration(tx);
    await actAsAdministrator(tx, mode);
    const [row] = await tx.query<{ value: T | null }>(`select ${call} as value`, [
      projectId,
      ...params,
    ]);
    // It may have been deleted since it was looked up.
    if (row?.value == null) throw projectNotFound(projectId);
    const event = eventOf(row.value);
    if (event) {
      await asOwner(tx, mode, projectId, project.owner_role, (owned) =>
        owned.query(
          `select record_event($1, (select id from users where email = $2), null, null,
             $3::jsonb || jsonb_build_object('by', session_user))`,
          [event.name, params[0], JSON.stringify(event.detail)],
        ),
      );
    }
    return row.value;
  });
}

function canonical(address: string): string {
  const email = canonicalEmail(address);
  if (email === null) throw new AuthError("validation_failed", { message: "This is no address" });
  return email;
}
