/** What an operation was, as far as an invariant cares. */
export interface Invocation {
  readonly kind: "refresh" | "logout" | "signup" | "login" | "write" | "mail";
  /** A session; for a sign-up, a login and a mail the address, for a write the key. */
  readonly subject: string;
  /** The token that is presented, or the value that is written. */
  readonly given?: string;
}

/** `info`: nobody knows whether it happened. That is never counted as a failure. */
export type Outcome = "ok" | "fail" | "info";

export interface Operation extends Invocation {
  /** Places in the order of all events of the history. */
  readonly invokedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  /** The token that came back, or the code of the refusal. */
  readonly received?: string | undefined;
}

/** An operation that has begun; exactly one of the three ends it. */
export interface Pending {
  ok(received?: string): void;
  fail(code?: string): void;
  info(): void;
}

/** Records what clients asked for and what they were told, in the manner of Jepsen. */
export interface History {
  invoke(invocation: Invocation): Pending;
  /** What never ended counts as `info`. */
  operations(): Operation[];
}

export function recordHistory(): History {
  const begun: { invocation: Invocation; invokedAt: number; end?: Operation }[] = [];
  // A counter, since two events may share a millisecond.
  let clock = 0;
  return {
    invoke(invocation) {
      const entry: (typeof begun)[number] = { invocation, invokedAt: clock++ };
      begun.push(entry);
      const end = (outcome: Outcome, received?: string) => {
        if (entry.end) throw new Error("an operation ends once");
        const { invokedAt } = entry;
        entry.end = { ...invocation, invokedAt, endedAt: clock++, outcome, received };
      };
      return {
        ok: (received) => end("ok", received),
        fail: (code) => end("fail", code),
        info: () => end("info"),
      };
    },
    operations: () =>
      begun.map(
        ({ invocation, invokedAt, end }) =>
          end ?? { ...invocation, invokedAt, endedAt: Number.POSITIVE_INFINITY, outcome: "info" },
      ),
  };
}
