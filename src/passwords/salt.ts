import { randomBytes } from "node:crypto";

/** The highest bcrypt cost in use: one hash takes seconds here, minutes at 22, days at 31. */
export const maxCost = 16;

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const bcrypt64 = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const saltPattern = /^\$2[aby]\$(?:0[4-9]|1[0-6])\$[./A-Za-z0-9]{22}$/;

/**
 * A fresh bcrypt salt of 128 random bits, as `$2a$<cost>$` and 22 characters. The prefix is the
 * one that pgcrypto's `crypt()` verifies; it refuses `$2b$`.
 *
 * @throws RangeError the cost is not a whole number from 4 to {@link maxCost}.
 * @example
 * ```ts
 * newSalt(10); // "$2a$10$Wf0vTQ3vM2Jt1b8yJd5uXe"
 * ```
 */
export function newSalt(cost: number): string {
  if (!Number.isInteger(cost) || cost < 4 || cost > maxCost) {
    throw new RangeError(`The bcrypt cost must be a whole number from 4 to ${maxCost}`);
  }
  // 16 bytes fill 21 characters and 2 bits of the 22nd. The encoder leaves the other 4 bits at
  // zero, which is the spelling bcrypt writes back: the hash begins with this very salt.
  const digits = randomBytes(16).toString("base64").slice(0, 22);
  const translated = digits.replace(/./g, (digit) => bcrypt64.charAt(base64.indexOf(digit)));
  return `$2a$${String(cost).padStart(2, "0")}$${translated}`;
}

/** Whether `salt` is a bcrypt salt of a cost that this service computes (4 to {@link maxCost}). */
export function isSalt(salt: string): boolean {
  return saltPattern.test(salt);
}
