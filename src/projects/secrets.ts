import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { OperatorError } from "../errors.ts";

/** The keys of MIOSA_AUTH_KEY: the first seals, all of them open. */
export interface Keyring {
  readonly keys: readonly { readonly id: Buffer; readonly key: Buffer }[];
}

const format = 1;

/** Makes a MIOSA_AUTH_KEY: 64 hex characters. */
export function generateMasterKey(): string {
  return randomBytes(32).toString("hex");
}

/**
 * Reads a MIOSA_AUTH_KEY: one key, or several with commas between while they are rotated, the new
 * one first.
 *
 * @throws RangeError
 */
export function parseKeyring(text: string): Keyring {
  const keys = text.split(",").map((part) => {
    if (!/^[0-9a-f]{64}$/i.test(part.trim())) {
      throw new RangeError(
        "MIOSA_AUTH_KEY is 64 hex characters; make one with: miosa-auth key generate",
      );
    }
    const key = Buffer.from(part.trim(), "hex");
    return { id: createHash("sha256").update(key).digest().subarray(0, 4), key };
  });
  return { keys };
}

/**
 * Seals a secret with AES-256-GCM. `context` says what it is and whose, and must be the same to open
 * it: a sealed secret that is moved to another row or project does not open.
 *
 * Layout: format (1 byte), key id (4), nonce (12), tag (16), ciphertext.
 */
export function seal(keyring: Keyring, secret: string, context: string): Buffer {
  const [current] = keyring.keys;
  if (!current) throw new RangeError("a keyring has at least one key");
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", current.key, nonce).setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.from([format]), current.id, nonce, cipher.getAuthTag(), ciphertext]);
}

/**
 * Opens what {@link seal} made.
 *
 * @throws OperatorError when no key fits, or the bytes or the context were changed
 */
export function unseal(keyring: Keyring, sealed: Uint8Array, context: string): string {
  const bytes = Buffer.from(sealed);
  const id = bytes.subarray(1, 5);
  const fitting = keyring.keys.find((candidate) => candidate.id.equals(id));
  if (bytes[0] !== format || !fitting) {
    throw new OperatorError("this MIOSA_AUTH_KEY does not open the project's secrets");
  }
  try {
    const decipher = createDecipheriv("aes-256-gcm", fitting.key, bytes.subarray(5, 17), {
      authTagLength: 16,
    })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(17, 33));
    const opened = [decipher.update(bytes.subarray(33)), decipher.final()];
    return Buffer.concat(opened).toString("utf8");
  } catch {
    throw new OperatorError("a sealed secret was changed, or is of another project or key");
  }
}

/** The context under which a project's JWT key is sealed. */
export function jwtKeyContext(projectId: string, kid: string): string {
  return `miosa-auth/jwt_key/${projectId}/${kid}`;
}
