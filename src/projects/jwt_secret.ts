import { AuthError } from "../errors.ts";

/** @throws AuthError validation_failed for a secret that is too short for HS256, or no text */
export function requireJwtSecret(secret: string): void {
  if (Buffer.byteLength(secret) >= 32 && secret.isWellFormed() && !secret.includes("\0")) return;
  throw new AuthError("validation_failed", {
    message: "A JWT secret has at least 32 bytes (RFC 7518 section 3.2)",
  });
}
