import { createHash } from "node:crypto";

/**
 * What stands for a computed bcrypt hash when the database decides whether a login is right: it
 * compares this with the SHA-256 of the stored hash, so that neither hash crosses the wire.
 *
 * @example
 * ```ts
 * await functions.login(attempt, email, hashProof(await hasher.hash(password, salt)));
 * ```
 */
export function hashProof(hash: string): Buffer {
  return createHash("sha256").update(hash, "utf8").digest();
}
