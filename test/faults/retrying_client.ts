import { setTimeout as sleep } from "node:timers/promises";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import type { Reply, RequestOptions } from "../support/project.ts";
import type { OpenedSession } from "../support/sessions.ts";
import type { History, Invocation } from "./history.ts";

/** Sends one request; rejects when no whole answer came. */
export type Send = (
  path: string,
  options: RequestOptions,
) => Promise<Pick<Reply, "status" | "headers" | "body">>;

/** An honest client: it asks the same again until it knows what became of it. */
export interface RetryingClient {
  readonly session: OpenedSession;
  /** Goes on from the newest refresh token. */
  rotate(): Promise<void>;
  /** Writes the next number into the user's metadata; needs a rotation before. */
  write(): Promise<void>;
  logout(): Promise<void>;
  /** Presents once each what it was ever given, without a retry. */
  presentAll(): Promise<void>;
}

// Of rotations: two tabs of a browser make it at once, and go on when both know their tokens.
const twoTabs = 0.2;
// In milliseconds. Where processes are killed at once when they have started, most tries meet none, and a bound on
// tries would now and then be reached.
const longestWait = 120_000;
const longestPause = 400;

/** Refused for the moment, or of unknown outcome: the same request is sent again. */
function isUnanswered(status: number): boolean {
  return status >= 500 || status === 408 || status === 409 || status === 429;
}

/**
 * Sends until the answer is a 2xx or a refusal, and records each try.
 *
 * @param wait milliseconds until it gives up
 * @throws Error when it never is
 */
export async function untilAnswered(
  history: History,
  invocation: Invocation,
  attempt: () => ReturnType<Send>,
  wait = longestWait,
) {
  const end = performance.now() + wait;
  for (let tries = 1; performance.now() < end; tries += 1) {
    const reply = await once(history, invocation, attempt);
    if (reply) return reply;
    await sleep(Math.random() * Math.min(longestPause, 2 ** tries));
  }
  throw new Error(`${invocation.kind} of ${invocation.subject} was never answered`);
}

async function once(history: History, invocation: Invocation, attempt: () => ReturnType<Send>) {
  const pending = history.invoke(invocation);
  const reply = await attempt().catch(() => undefined);
  if (!reply || isUnanswered(reply.status)) pending.info();
  else if (reply.status >= 400) pending.fail(reply.body?.error_code as string | undefined);
  else pending.ok((reply.body as Partial<SessionReply> | null)?.refresh_token);
  return reply && !isUnanswered(reply.status) ? reply : undefined;
}

export function openClient(history: History, send: Send, session: OpenedSession): RetryingClient {
  const held = [session.refreshToken];
  let accessToken = "";
  let written = 0;

  const refreshing = (token: string) => ({
    invocation: { kind: "refresh", subject: session.id, given: token } as const,
    attempt: () => send("/refresh", { method: "POST", body: { refresh_token: token } }),
  });
  return {
    session,
    async rotate() {
      const { invocation, attempt } = refreshing(held.at(-1) ?? "");
      const ask = () => untilAnswered(history, invocation, attempt);
      const [reply, other] = await Promise.all([ask(), Math.random() < twoTabs && ask()]);
      for (const { status, body } of other ? [reply, other] : [reply])
        if (status !== 200) throw new Error(`locked out: ${JSON.stringify(body)}`);
      const { access_token, refresh_token } = reply.body as unknown as SessionReply;
      accessToken = access_token;
      held.push(refresh_token);
    },
    async write() {
      written += 1;
      const given = `${written}`;
      const body = { data: { written: given } };
      const invocation = { kind: "write", subject: session.userId, given } as const;
      await untilAnswered(history, invocation, () =>
        send("/user", { method: "PATCH", token: accessToken, body }),
      );
    },
    async logout() {
      const invocation = { kind: "logout", subject: session.id } as const;
      await untilAnswered(history, invocation, () =>
        send("/logout", { method: "POST", token: accessToken }),
      );
    },
    async presentAll() {
      for (const token of held) {
        const { invocation, attempt } = refreshing(token);
        await once(history, invocation, attempt);
      }
    },
  };
}
