import { randomUUID } from "node:crypto";
import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "./service.ts";

const fixed = Object.entries({
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=15552000",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
});

/**
 * Headers of every reply, and the request's id. Set before the route replies: to change a reply that
 * was made already, the server must take it apart, which costs more than the route itself.
 */
export const fixedHeaders = createMiddleware<HttpEnv>((c, next) => {
  const requestId = randomUUID();
  c.set("requestId", requestId);
  for (const [name, value] of fixed) c.header(name, value);
  c.header("X-Request-Id", requestId);
  return next();
});
