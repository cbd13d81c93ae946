import { matchedRoutes } from "hono/route";
import type { HttpContext } from "./service.ts";

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const forAll = new Set(["*", "/*"]);

/** The route as it is registered, never the path that was asked for; `unmatched` for all others together. */
export function routeTemplate(c: HttpContext): string {
  return matchedRoutes(c).findLast(({ path }) => !forAll.has(path))?.path ?? "unmatched";
}

/** The method, or `_OTHER`, since a client may make up any word. */
export function knownMethod(c: HttpContext): string {
  const { method } = c.req;
  return methods.has(method) ? method : "_OTHER";
}
