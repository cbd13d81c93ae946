import { createHmac } from "node:crypto";
import { AuthError } from "../errors.ts";

/** The longest password accepted, in UTF-8 bytes. */
export const maxPasswordBytes = 4096;

/** What bcrypt reads; it silently ignores every byte after these. */
const bcryptBytes = 72;

// A tag of our own: a plain SHA-384 of the password, as other leaks may hold it, is of no use here.
const domainTag = "miosa-auth/password/sha384/v1";

/**
 * Turns a password into what is given to bcrypt. Up to 72 UTF-8 bytes it is the password itself,
 * so that pgcrypto verifies the stored hash; a longer one is replaced by 64 characters of base64
 * (a raw digest may hold the NUL at which bcrypt stops). Nothing is truncated and nothing is
 * normalised: NFC and NFD spellings are different passwords.
 *
 * @throws AuthError `validation_failed`: U+0000, a lone surrogate, or more than
 * {@link maxPasswordBytes} bytes.
 * @example
 * ```ts
 * prepare("a".repeat(72)).length; // 72, the password
 * prepare("a".repeat(73)).length; // 64, a digest of it
 * ```
 */
export function prepare(password: string): string {
  if (password.includes("\0")) {
    throw new AuthError("validation_failed", {
      message: "Password must not contain the character U+0000",
    });
  }
  // Every lone surrogate becomes the same U+FFFD in UTF-8: two passwords would be one.
  if (!password.isWellFormed()) {
    throw new AuthError("validation_failed", { message: "Password is not valid Unicode text" });
  }
  const bytes = Buffer.byteLength(password, "utf8");
  if (bytes > maxPasswordBytes) {
    throw new AuthError("validation_failed", {
      message: `Password should be at most ${maxPasswordBytes} bytes`,
    });
  }
  if (bytes <= bcryptBytes) return password;
  return createHmac("sha384", domainTag).update(password, "utf8").digest("base64");
}
