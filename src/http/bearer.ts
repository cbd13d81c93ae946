import type { Caller } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { verifyAccessToken } from "../tokens/access_token.ts";
import type { HttpContext } from "./service.ts";

/** About the session of a bearer, these are refusals of the bearer. */
export const bearerStatuses = { user_banned: 401 } as const;

/**
 * The caller by its access token: signature and claims are checked here, before any connection is
 * taken; whether the session lives is checked by the SQL function that is called for it.
 *
 * @throws AuthError no_authorization, bad_jwt
 */
export async function requireCaller(c: HttpContext): Promise<Caller> {
  const token = bearerToken(c);
  if (token === null) throw new AuthError("no_authorization");
  const { keys, authUrl } = c.get("project").issuer;
  const verified = await verifyAccessToken(keys, authUrl, token);
  if (verified.kind !== "user") {
    throw new AuthError("bad_jwt", { message: "invalid JWT: missing sub claim" });
  }
  return { sessionId: verified.sessionId, userId: verified.userId };
}

/**
 * Lets the project's own backend pass, by a token with the role `service_role` that is signed with the
 * project's key.
 *
 * @throws AuthError no_authorization, bad_jwt, not_admin
 */
export async function requireService(c: HttpContext): Promise<void> {
  const token = bearerToken(c);
  if (token === null) throw new AuthError("no_authorization");
  const { keys, authUrl } = c.var.project.issuer;
  const verified = await verifyAccessToken(keys, authUrl, token);
  if (verified.kind !== "service") throw new AuthError("not_admin");
}

/** The token of `Authorization: Bearer`, once and in no other place (RFC 6750 section 2.1). */
export function bearerToken(c: HttpContext): string | null {
  const header = c.req.header("Authorization");
  const match = header === undefined ? null : /^Bearer +([^\s,]+)$/i.exec(header);
  return match?.[1] ?? null;
}
