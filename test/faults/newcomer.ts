import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "../support/jwt.ts";
import { freshEmail, goodPassword } from "../support/project.ts";
import type { OpenedSession } from "../support/sessions.ts";
import type { History } from "./history.ts";
import { type Send, untilAnswered } from "./retrying_client.ts";

/** For projects whose newcomers all come from one address. */
export const withoutAddressLimits = { signups_per_address: 0, logins_per_address: 0 };

// A process that is killed a moment after its start has no time for a hash: it is heard of when there are no faults.
const longestWait = Number.POSITIVE_INFINITY;

/**
 * Signs somebody new up, who spells the address in another way at each try (invariant I4). A sign-up of unknown
 * outcome may be refused when it is sent again; then a sign-in must work.
 */
export async function signUpNewcomer(history: History, send: Send): Promise<OpenedSession> {
  const email = freshEmail();
  let tries = 0;
  const asking = (path: string) => () => {
    tries += 1;
    const spelled = tries % 2 === 0 ? email.toUpperCase() : email;
    return send(path, { method: "POST", body: { email: spelled, password: goodPassword } });
  };
  const ask = (kind: "signup" | "login", path: string) =>
    untilAnswered(history, { kind, subject: email }, asking(path), longestWait);

  const signedUp = await ask("signup", "/signup");
  const reply = signedUp.status === 200 ? signedUp : await ask("login", "/token");
  if (reply.status !== 200) throw new Error(`locked out: ${JSON.stringify(reply.body)}`);
  const { access_token, refresh_token: refreshToken } = reply.body as unknown as SessionReply;
  const { session_id: id, sub: userId } = claimsOf(access_token);
  return { id: String(id), userId: String(userId), refreshToken };
}
