import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import type { HttpContext, HttpEnv } from "./service.ts";

const loopback = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

const crossOrigin: MiddlewareHandler<HttpEnv> = cors({
  origin: (origin, c) => (isAllowed(c as HttpContext, origin) ? origin : null),
  allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  allowHeaders: [
    "Accept",
    "Authorization",
    "Content-Type",
    "X-Client-IP",
    "X-Client-Info",
    "X-JWT-AUD",
    "x-use-cookie",
    "X-Supabase-Api-Version",
    "apikey",
  ],
  exposeHeaders: ["X-Total-Count", "Link", "X-Supabase-Api-Version", "Retry-After", "X-Request-Id"],
  maxAge: 600,
});

/**
 * Admits the origins that the project lists, by exact comparison, and loopback ones where the
 * service runs for development. No cookies are used, so no credentials are allowed.
 */
export const projectCors = createMiddleware<HttpEnv>((c, next) => {
  c.header("Vary", "Origin");
  return c.req.header("Origin") === undefined ? next() : crossOrigin(c, next);
});

function isAllowed(c: HttpContext, origin: string): boolean {
  const service = c.get("service");
  const project = c.get("project");
  if (service.allowsLoopbackOrigins && loopback.test(origin)) return true;
  // `null` is what every sandboxed page sends, and `*` would admit everyone: neither can be listed.
  return origin.includes("://") && project.configuration.cors_origins.includes(origin);
}
