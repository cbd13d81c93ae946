import { createMiddleware } from "hono/factory";
import { AuthError } from "../errors.ts";
import type { HttpEnv } from "./service.ts";

const deepest = 32;

/**
 * Reads the JSON body once, for every route: an empty one is `{}`, since clients send none with a
 * JSON content type. Refuses what Postgres or a recursive reader would stumble over later.
 */
export const jsonBody = createMiddleware<HttpEnv>(async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD") return next();
  const text = await c.req.text();
  if (text.trim() !== "" && !isJson(c.req.header("Content-Type"))) {
    throw new AuthError("validation_failed", {
      message: "The Content-Type must be application/json",
    });
  }
  const body = text.trim() === "" ? {} : parse(text);
  requireStorable(body);
  // The route's validator asks the request for its JSON; this is where it looks first.
  c.req.bodyCache.json = Promise.resolve(body);
  return next();
});

function isJson(contentType: string | undefined): boolean {
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType ?? "");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AuthError("bad_json");
  }
}

function requireStorable(body: unknown): void {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) throw unfit(`is nested deeper than ${deepest} levels`);
    if (!level.every(isStorableText)) throw unfit("holds U+0000 or half a surrogate pair");
    level = level.flatMap(children);
  }
}

function children(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Array.isArray(value) ? value : Object.entries(value).flat();
}

function isStorableText(value: unknown): boolean {
  return typeof value !== "string" || (value.isWellFormed() && !value.includes("\0"));
}

function unfit(why: string): AuthError {
  return new AuthError("validation_failed", { message: `The request body ${why}` });
}
