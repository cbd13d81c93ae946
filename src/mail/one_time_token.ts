import { createHash, randomBytes, randomInt } from "node:crypto";
import type { SecretBox } from "../projects/secret_box.ts";

/** What a mailed link carries: 256 random bits in base64url, of which SQL sees the SHA-256. */
export interface OneTimeToken {
  readonly text: string;
  readonly hash: Buffer;
}

export function newOneTimeToken(): OneTimeToken {
  return fromSecret(randomBytes(32));
}

/** Reads a token as a client sent it; null when it cannot be one. */
export function parseOneTimeToken(text: string): OneTimeToken | null {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) return null;
  const token = fromSecret(Buffer.from(text, "base64url"));
  // The last letter carries two idle bits: only one spelling of a token is that token.
  return token.text === text ? token : null;
}

function fromSecret(secret: Buffer): OneTimeToken {
  return {
    text: secret.toString("base64url"),
    hash: createHash("sha256").update(secret).digest(),
  };
}

/** A code to type: six digits, each as likely as any other, and independent of the link's token. */
export function newCode(): string {
  return randomInt(1_000_000).toString().padStart(6, "0");
}

/** Reads a code as a person typed it, with spaces or hyphens; null when it cannot be one. */
export function parseCode(text: string): string | null {
  const digits = text.replaceAll(/[\s-]/g, "");
  return /^[0-9]{6}$/.test(digits) ? digits : null;
}

/** What a code is good for, and nothing else. */
export interface CodeUse {
  readonly purpose: string;
  /** The address that it was sent to; the user's id where the caller is signed in. */
  readonly subject: string;
}

/**
 * The MACs that a code may be stored under, in hex; the first is that of the current key. Six digits
 * are soon guessed from a plain hash, so the database has none.
 */
export function codeMacs(box: SecretBox, { purpose, subject }: CodeUse, code: string) {
  return box.macs(`${purpose}\0${subject}\0${code}`, "code").map((mac) => mac.toString("hex"));
}
