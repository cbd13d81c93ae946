import { bigint, boolean, integer, text, uuid } from "./arguments.ts";
import type { Argument, Database } from "./database.ts";

/** A mail that this server has under a lease. */
export interface ClaimedMail {
  /** A bigint, as text. */
  readonly id: string;
  readonly lease: string;
  /** The tag of the database that holds the mail. */
  readonly installation: string;
  readonly project_id: string;
  readonly user_id: string | null;
  readonly purpose: string;
  readonly recipient: string;
  /** Hex, sealed; empty in a mail that only tells. */
  readonly payload: string;
  readonly data: MailData;
  /** This one included. */
  readonly attempts: number;
  /** Whether its project sends no mail to this address. */
  readonly is_suppressed: boolean;
  /** RFC 3339. */
  readonly queued_at: string;
}

/** What a mail may name, as far as its purpose has it. */
export interface MailData {
  readonly user_metadata?: Record<string, unknown>;
  readonly email?: string;
  readonly new_email?: string;
}

/** The mail of all projects of a database, and the clock that measures its age. */
export interface OutboxState {
  /** Seconds since 1970. */
  readonly clock: number;
  readonly queued: number;
  readonly parked: number;
  readonly oldest_queued_seconds: number;
}

/** A mail under its lease. */
export type Leased = Pick<ClaimedMail, "id" | "lease">;

export type OutboxFunctions = ReturnType<typeof outboxFunctions>;

const schema = "miosa_auth";

/** The calls of the outbox that the runtime may execute; sql/shared/functions/outbox says what each does. */
export function outboxFunctions(database: Database) {
  const call = <T>(name: string, ...args: Argument[]) =>
    database.call<T>({ schema, name, args, isScalar: true });
  const leased = ({ id, lease }: Leased) => [bigint(id), uuid(lease)];

  return {
    claim: (limit: number, leaseSeconds: number) =>
      database.call<ClaimedMail[]>({
        schema,
        name: "claim_mail",
        args: [integer(limit), integer(leaseSeconds)],
      }),

    settle: (mail: Leased) => call<boolean>("settle_mail", ...leased(mail)),

    postpone: (mail: Leased, failure: string, isPermanent: boolean) =>
      call<"queued" | "parked" | null>(
        "postpone_mail",
        ...leased(mail),
        text(failure),
        boolean(isPermanent),
      ),

    bounce: (mail: Leased, failure: string) =>
      call<"parked" | null>("bounce_mail", ...leased(mail), text(failure)),

    release: (mail: Leased) => call<boolean>("release_mail", ...leased(mail)),

    defer: (mail: Leased, failure: string, seconds: number) =>
      call<boolean>("defer_mail", ...leased(mail), text(failure), integer(seconds)),

    prune: (limit: number) => call<number>("prune_mail", integer(limit)),

    state: () => database.call<OutboxState>({ schema, name: "outbox_state", args: [] }),
  };
}
