import { DatabaseError } from "../../database/errors.ts";
import { AuthError } from "../../errors.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message };
}

export function warn(check: string, message: string, remedy?: string): Finding {
  return { check, status: "warn", message, ...(remedy ? { remedy } : {}) };
}

export function fail(check: string, message: string, remedy: string): Finding {
  return { check, status: "fail", message, remedy };
}

/** Why something could not be looked at, in words for an operator. */
export function reasonOf(error: unknown): string {
  if (error instanceof DatabaseError) return error.explanation();
  if (error instanceof AuthError && error.cause) return reasonOf(error.cause);
  return error instanceof Error ? error.message : String(error);
}
