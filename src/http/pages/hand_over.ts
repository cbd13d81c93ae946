import type { Grant } from "../../database/functions.ts";
import { accepted } from "../../database/outcomes.ts";
import { codeForSession } from "../../tokens/authorization_code.ts";
import type { RefreshToken } from "../../tokens/refresh_token.ts";
import { issueSession } from "../../tokens/session_reply.ts";
import { readChallenge } from "../mail_request.ts";
import { admittedRedirect, redirectRules, redirectTarget } from "../redirects.ts";
import type { HttpContext } from "../service.ts";
import type { PageState } from "./page.ts";

/**
 * Where a session may be handed to: the page that was asked for when the project admits it, the site
 * when none was asked for. Null where a page was asked for that is not admitted: whoever asked gets
 * nothing, at the site neither.
 */
export function handOverTarget(c: HttpContext, requested: string | undefined): string | null {
  const rules = redirectRules(c);
  return requested ? admittedRedirect(rules, requested) : redirectTarget(rules, null);
}

/**
 * Leads to the app with the session in the fragment, as GoTrue does, or with a code in the query where
 * the app sent a PKCE challenge. Where it may not be handed over, the session ends at once, and the way
 * leads to the site; null where there is none.
 */
export async function handSessionOver(
  c: HttpContext,
  state: PageState,
  session: { readonly grant: Grant; readonly token: RefreshToken; readonly type?: string },
): Promise<Response | null> {
  const { grant, token, type } = session;
  const target = handOverTarget(c, state.redirect_to);
  if (target === null) {
    await endSession(c, token);
    return toSite(c);
  }
  const codeChallenge = readChallenge(state);
  if (codeChallenge) {
    const session = { refreshHash: token.hash, codeChallenge, client: c.get("client") };
    const code = await codeForSession(c.get("project").functions, session);
    return handCodeOver(c, state.redirect_to, code.text);
  }
  const issued = await issueSession(c.get("project").issuer, grant, token);
  return withFragment(c, target, {
    access_token: issued.access_token,
    expires_at: String(issued.expires_at),
    expires_in: String(issued.expires_in),
    refresh_token: issued.refresh_token,
    sb: "",
    token_type: issued.token_type,
    ...(type === undefined ? {} : { type }),
  });
}

/** Leads to the app with a code, which only the client that sent its PKCE challenge can exchange. */
export function handCodeOver(c: HttpContext, requested: string | undefined, code: string) {
  const target = handOverTarget(c, requested);
  if (target === null) return toSite(c);
  const url = new URL(target);
  url.searchParams.set("code", code);
  return c.redirect(url.href, 303);
}

/** Leads to a URL with parameters in its fragment, which no server is sent (RFC 3986 section 3.5). */
export function withFragment(c: HttpContext, target: string, parameters: Record<string, string>) {
  return c.redirect(`${target}#${new URLSearchParams(parameters)}`, 303);
}

/** Leads to the project's site, with nothing; null where it has none. */
export function toSite(c: HttpContext): Response | null {
  const site = redirectTarget(redirectRules(c), null);
  return site === null ? null : c.redirect(site, 303);
}

/** Ends a session that nobody was given. */
export async function endSession(c: HttpContext, token: RefreshToken): Promise<void> {
  const { functions } = c.get("project");
  const session = { sessionId: null, tokenHash: token.hash, scope: "local" };
  accepted(await functions.logout({ ...session, client: c.get("client") }));
}
