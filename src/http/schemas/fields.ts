import { z } from "@hono/zod-openapi";
import { canonicalEmail } from "../../emails/canonical.ts";
import { AuthError } from "../../errors.ts";

// A JSON null is an absent value: existing clients send it.
export const optionalText = z.string().nullish();
export const optionalMetadata = z.record(z.string(), z.unknown()).nullish();

/** An address in the two forms SQL keeps. */
export interface ReadEmail {
  readonly email: string;
  readonly emailAsTyped: string;
}

/** @throws AuthError validation_failed */
export function requireEmail(typed: string | null | undefined): ReadEmail {
  const email = canonicalEmail(typed);
  if (email === null || typeof typed !== "string") {
    throw new AuthError("validation_failed", {
      message: "Unable to validate email address: invalid format",
    });
  }
  return { email, emailAsTyped: typed };
}

/** @throws AuthError validation_failed */
export function requireText(value: string | null | undefined, name: string): string {
  if (value) return value;
  throw new AuthError("validation_failed", { message: `${name} is required` });
}
