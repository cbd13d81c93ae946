import type { AuthError } from "../errors.ts";
import { setRetryAfter } from "./errors.ts";
import type { HttpContext } from "./service.ts";

const errorNames: Record<number, string> = {
  401: "unauthorized_client",
  403: "access_denied",
  503: "temporarily_unavailable",
};

type Parameters = Record<string, string>;

/**
 * Leads a browser back to the app. What is in the fragment no server is sent (RFC 3986 section 3.5).
 *
 * @param target a URL without a fragment that the project admits
 */
export function leadBack(
  c: HttpContext,
  target: string,
  { query = {}, fragment = {} }: { readonly query?: Parameters; readonly fragment?: Parameters },
): Response {
  const url = new URL(target);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  if (Object.keys(fragment).length > 0) url.hash = String(new URLSearchParams(fragment));
  return c.redirect(url.href, 302);
}

/** Tells the app what went wrong, in the query and in the fragment, as clients of GoTrue expect. */
export function leadBackWithError(c: HttpContext, target: string, refusal: AuthError): Response {
  const fallback = refusal.status < 500 ? "invalid_request" : "server_error";
  const error = {
    error: errorNames[refusal.status] ?? fallback,
    error_code: refusal.code,
    error_description: refusal.message,
  };
  setRetryAfter(refusal, c);
  return leadBack(c, target, { query: error, fragment: { ...error, sb: "" } });
}
