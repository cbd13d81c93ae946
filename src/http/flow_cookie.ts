import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import type { HttpContext } from "./service.ts";

// As long as SQL keeps the flow, in seconds.
const lifetime = 600;

/**
 * Leaves in a browser what says that a flow began there. One cookie a flow: whoever begins in two tabs
 * may finish in both. `Lax`, since the way back from a provider is a navigation from another site.
 */
export function bindBrowser(c: HttpContext, stateHash: Buffer, browser: string): void {
  setCookie(c, nameOf(stateHash), browser, { ...optionsOf(c), maxAge: lifetime });
}

/** What was left for a flow in this browser, or null. */
export function boundBrowser(c: HttpContext, stateHash: Buffer): string | null {
  return getCookie(c, nameOf(stateHash), prefixOf(c)) ?? null;
}

export function unbindBrowser(c: HttpContext, stateHash: Buffer): void {
  deleteCookie(c, nameOf(stateHash), optionsOf(c));
}

function nameOf(stateHash: Buffer): string {
  return `ma_flow_${stateHash.toString("hex").slice(0, 8)}`;
}

function optionsOf(c: HttpContext): CookieOptions {
  const prefix = prefixOf(c);
  return {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    ...(prefix ? { prefix, secure: true } : {}),
  };
}

// Only a host that speaks TLS can have such a cookie, and no other host can set one for it.
function prefixOf(c: HttpContext): "host" | undefined {
  return c.get("project").issuer.authUrl.startsWith("https:") ? "host" : undefined;
}
