import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { AuthError } from "../errors.ts";
import type { HttpContext, HttpEnv } from "./service.ts";

const largest = 1024 * 1024;
const deepest = 32;
// No request needs a hundredth of it.
const mostCommas = 10_000;
const methodsWithBody = new Set(["POST", "PUT", "PATCH", "DELETE"]);

const limited = bodyLimit({ maxSize: largest, onError: tooLarge });

/**
 * Refuses a body that is too large, of unknown size where none belongs, or compressed, before
 * anything else is done for the request.
 */
export const bodyBounds = createMiddleware<HttpEnv>((c, next) => {
  const { headers } = c.req.raw;
  const hasBody = methodsWithBody.has(c.req.method);
  const length = headers.get("Content-Length");
  const isChunked = headers.has("Transfer-Encoding");
  if (Number(length ?? 0) > largest) tooLarge();
  if (!hasBody && isChunked) {
    throw new AuthError("validation_failed", { message: `A ${c.req.method} has no body` });
  }
  if (!/^(identity)?$/i.test(headers.get("Content-Encoding") ?? "")) {
    throw new AuthError("validation_failed", { message: "No Content-Encoding is supported" });
  }
  // The server holds the client to a length it gave; to count, the body must become a stream, which
  // costs more than the rest of the request.
  const isMeasured = length !== null && !isChunked;
  return isMeasured || !hasBody ? next() : limited(c, next);
});

/**
 * Reads the JSON body once, for every route: an empty one is `{}`, since clients send none with a
 * JSON content type. Refuses what Postgres or a recursive reader would stumble over later.
 */
export const jsonBody = createMiddleware<HttpEnv>(async (c, next) => {
  if (!methodsWithBody.has(c.req.method)) return next();
  const text = (await bodyText(c)).trim();
  if (text !== "" && !isJson(c.req.header("Content-Type"))) {
    throw new AuthError("validation_failed", {
      message: "The Content-Type must be application/json",
    });
  }
  requireFewParts(text);
  const body = text === "" ? {} : parse(text);
  requireStorable(body);
  // The route's validator asks for the JSON again, which would parse the text a second time.
  c.req.json = <T>() => Promise.resolve(body as T);
  spellContentType(c);
  return next();
});

function tooLarge(): never {
  throw new AuthError("request_entity_too_large");
}

// A decoder that replaces what is not UTF-8 would make two different passwords one.
const utf8 = new TextDecoder("utf-8", { fatal: true });

async function bodyText(c: HttpContext): Promise<string> {
  let bytes: ArrayBuffer;
  try {
    bytes = await c.req.arrayBuffer();
  } catch (cause) {
    // The client went away, or took too long: no fault of ours.
    throw new AuthError("validation_failed", { message: "The request body broke off", cause });
  }
  try {
    return utf8.decode(bytes);
  } catch {
    throw new AuthError("bad_json");
  }
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType ?? "");
}

// The routes' own gate knows fewer spellings than RFC 9110 allows, and an empty body needs none.
function spellContentType(c: HttpContext): void {
  if (/^application\/json(;charset=utf-8)?$/i.test(c.req.header("Content-Type") ?? "")) return;
  const { url, method, headers } = c.req.raw;
  const spelled = new Headers(headers);
  spelled.set("Content-Type", "application/json");
  c.req.raw = new Request(url, { method, headers: spelled });
}

// Counted before it is parsed: an object of 50,000 names would hold the event loop for some 100 ms.
function requireFewParts(text: string): void {
  let count = 0;
  for (let at = text.indexOf(","); at !== -1; at = text.indexOf(",", at + 1)) {
    count += 1;
    if (count > mostCommas) throw unfit(`holds more than ${mostCommas} commas`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AuthError("bad_json");
  }
}

// Level by level, since a reader that calls itself could be sent deeper than its stack.
function requireStorable(body: unknown): void {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) throw unfit(`is nested deeper than ${deepest} levels`);
    const next: unknown[] = [];
    for (const value of level) collectParts(value, next);
    level = next;
  }
}

function collectParts(value: unknown, parts: unknown[]): void {
  if (typeof value === "string") requireStorableText(value);
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) for (const name of Object.keys(value)) requireStorableText(name);
  for (const part of Object.values(value)) parts.push(part);
}

function requireStorableText(text: string): void {
  if (text.isWellFormed() && !text.includes("\0")) return;
  throw unfit("holds U+0000 or half a surrogate pair");
}

function unfit(why: string): AuthError {
  return new AuthError("validation_failed", { message: `The request body ${why}` });
}
