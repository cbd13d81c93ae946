import type { Database } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import { actAsAdministrator, administer, administration } from "../projects/administration.ts";

/** A mail of the outbox, without what it says. Times are RFC 3339. */
export interface QueuedMail {
  readonly id: string;
  readonly project: string;
  readonly purpose: string;
  readonly recipient: string;
  readonly state: MailState;
  readonly attempts: number;
  /** A short code, of the last attempt. */
  readonly failure: string | null;
  readonly queued_at: string;
  /** When it is tried again; null where it is not. */
  readonly due_at: string | null;
  /** When it left or was parked. */
  readonly settled_at: string | null;
}

export const mailStates = ["queued", "sent", "parked"] as const;

export type MailState = (typeof mailStates)[number];

export interface MailFilter {
  readonly projectId?: string;
  readonly state?: MailState;
  /** Mails at most; 100 by default. */
  readonly limit?: number;
}

/** The mail of a project by state. */
export interface MailCounts {
  readonly project: string;
  readonly project_state: "active" | "suspended";
  readonly queued: number;
  readonly parked: number;
  /** In the last 7 days. */
  readonly sent: number;
  /** RFC 3339, or null where none waits. */
  readonly oldest_queued_at: string | null;
  readonly oldest_queued_seconds: number | null;
  /** The newest one. */
  readonly failure: string | null;
}

/** The newest mail first. */
export function listMail(database: Database, filter: MailFilter = {}): Promise<QueuedMail[]> {
  const { projectId = null, state = null, limit = 100 } = filter;
  return askOutbox(database, "list_mail($1, $2, $3::integer)", [projectId, state, limit]);
}

/** How much mail of each project waits, is parked and was sent. */
export function countMail(database: Database): Promise<MailCounts[]> {
  return askOutbox(database, "count_mail()", []);
}

/**
 * Queues parked mail of the last day again, as if it had never been tried. What an older one said is
 * erased, so it stays parked.
 *
 * @param ids null for all
 * @returns how many there were
 * @throws AuthError validation_failed for an id that is none
 */
export async function retryMail(
  database: Database,
  ids: readonly string[] | null,
  projectId?: string,
): Promise<number> {
  if (!(ids ?? []).every((id) => /^\d{1,18}$/.test(id))) {
    throw new AuthError("validation_failed", { message: "A mail is named by its number" });
  }
  const list = ids && `{${ids.join(",")}}`;
  return askOutbox(database, "retry_mail($1::bigint[], $2)", [list, projectId ?? null]);
}

/** What a function of the outbox answers an administrator. */
export function askOutbox<T>(
  database: Database,
  call: string,
  params: readonly unknown[],
): Promise<T> {
  return administer(database, async (tx) => {
    await actAsAdministrator(tx, await administration(tx));
    const [row] = await tx.query<{ value: T }>(`select ${call} as value`, params);
    if (!row) throw new AuthError("unexpected_failure");
    return row.value;
  });
}
