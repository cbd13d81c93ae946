import { z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { DatabaseError } from "../database/errors.ts";
import { AuthError, OperatorError } from "../errors.ts";
import type { HttpContext } from "./service.ts";

const versionHeader = "X-Supabase-Api-Version";
const firstVersion = "2024-01-01";
// Seconds, where nobody knows better.
const soon = 1;

// Clients of GoTrue expect 403 where the token is not good; RFC 6750 section 3.1 says 401.
const bearerCodes = new Set([
  "bad_jwt",
  "session_not_found",
  "session_expired",
  "user_not_found",
  "user_banned",
]);

/** Turns whatever was thrown into the one error format, and logs what is ours to mend. */
export function errorReply(error: Error, c: HttpContext): Response {
  const refusal = readRefusal(error, c);
  const asksForVersion = isVersioned(c.req.header(versionHeader));
  const status = asksForVersion && isBearerRefusal(refusal) ? 403 : refusal.status;

  if (asksForVersion) c.header(versionHeader, firstVersion);
  setRetryAfter(refusal, c);
  if (status === 401) c.header("WWW-Authenticate", "Bearer");
  return c.json(errorBody(refusal, status, asksForVersion), status as ContentfulStatusCode);
}

/** What was thrown, as a refusal; counted, and logged when it is ours to mend. */
export function readRefusal(error: Error, c: HttpContext): AuthError {
  const refusal = toAuthError(error);
  c.set("refusalCode", refusal.code);
  if (refusal.status >= 500) logFailure(c, refusal, error);
  return refusal;
}

/** Says when another try makes sense, where that is known. */
export function setRetryAfter(refusal: AuthError, c: HttpContext): void {
  const retryAfter = secondsToWait(refusal);
  if (retryAfter !== undefined) c.header("Retry-After", String(retryAfter));
}

/** The same format where there is no request to ask about its version. */
export function plainErrorReply(refusal: AuthError): Response {
  const retryAfter = secondsToWait(refusal);
  return Response.json(errorBody(refusal, refusal.status, false), {
    status: refusal.status,
    headers: {
      "Cache-Control": "no-store",
      ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
    },
  });
}

function secondsToWait({ retryAfter, status }: AuthError): number | undefined {
  return retryAfter ?? (status === 503 ? soon : undefined);
}

function toAuthError(error: Error): AuthError {
  if (error instanceof AuthError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    return new AuthError("validation_failed", { cause: error });
  }
  return new AuthError("unexpected_failure", { cause: error });
}

function isBearerRefusal(refusal: AuthError): boolean {
  return refusal.status === 401 && bearerCodes.has(refusal.code);
}

function isVersioned(version: string | undefined): boolean {
  return z.iso.date().safeParse(version).success && String(version) >= firstVersion;
}

function errorBody(refusal: AuthError, status: number, versioned: boolean) {
  const { code, message, reasons, oauthError } = refusal;
  const oauth = oauthError ? { error: oauthError, error_description: message } : {};
  const weakness = code === "weak_password" ? { weak_password: { reasons: reasons ?? [] } } : {};
  return versioned
    ? { code, message, ...weakness, ...oauth }
    : { code: status, error_code: code, msg: message, ...weakness, ...oauth };
}

// Only what cannot hold user data: a driver's error carries the parameters of its query.
function logFailure(c: HttpContext, refusal: AuthError, error: Error): void {
  const cause = refusal.cause instanceof Error ? refusal.cause : error;
  const database =
    cause instanceof DatabaseError
      ? { sqlstate: cause.sqlstate, constraint: cause.constraint }
      : undefined;
  c.get("service").logger.error(
    {
      requestId: c.get("requestId"),
      code: refusal.code,
      database,
      error: cause.name,
      reason: cause instanceof OperatorError ? cause.message : undefined,
      stack: frames(cause),
    },
    "request failed",
  );
}

// The first line of a stack is the message, which may quote input.
function frames(error: Error): string[] {
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => line.startsWith("    at "))
    .map((line) => line.trim());
}
