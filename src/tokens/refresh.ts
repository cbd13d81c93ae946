import type { Client, ProjectFunctions } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { newRefreshToken, parseRefreshToken, unwrapUnder, wrapUnder } from "./refresh_token.ts";
import { issueSession, type SessionReply, type TokenIssuer } from "./session_reply.ts";

// About the session of a refresh token, these are refusals of a grant (RFC 6749 section 5.2), not of
// a bearer.
const statuses = { session_not_found: 400, session_expired: 400, user_banned: 400 } as const;

/**
 * Rotates a refresh token in one SQL call. A child is offered; when an earlier one stands, because
 * the reply that carried it was lost, SQL gives that one back.
 *
 * @throws AuthError refresh_token_not_found, refresh_token_already_used, session_not_found,
 * session_expired, user_banned
 */
export async function refreshSession(
  functions: ProjectFunctions,
  issuer: TokenIssuer,
  presented: string,
  client: Client,
): Promise<SessionReply> {
  const parent = parseRefreshToken(presented);
  if (!parent) throw new AuthError("refresh_token_not_found");

  const offered = newRefreshToken();
  const granted = accepted(
    await functions.refresh({
      tokenHash: parent.hash,
      childHash: offered.hash,
      childWrapped: wrapUnder(parent, offered.secret),
      client,
    }),
    statuses,
  );
  const child = granted.recovered === null ? offered : unwrapUnder(parent, granted.recovered);
  return issueSession(issuer, granted, child);
}
