import { createHmac, hkdfSync } from "node:crypto";
import { type Keyring, seal, unseal } from "./secrets.ts";

/** What may be done with MIOSA_AUTH_KEY for one project, without seeing it. */
export interface SecretBox {
  /** Seals a text that only this project may open, for `use` alone. */
  seal(text: string, use: string): Buffer;
  /** @throws OperatorError when no key of the ring opens it, or it is of another project or use */
  open(sealed: Uint8Array, use: string): string;
  /**
   * HMAC-SHA256 of a short secret that could be guessed from its plain hash, one under each key of the
   * ring, the current first: a database alone cannot tell which secret it was.
   */
  macs(message: string, use: string): [Buffer, ...Buffer[]];
}

export function secretBox(keyring: Keyring, projectId: string): SecretBox {
  const contextOf = (use: string) => `miosa-auth/${use}/${projectId}`;
  return {
    seal: (text, use) => seal(keyring, text, contextOf(use)),
    open: (sealed, use) => unseal(keyring, sealed, contextOf(use)),
    macs: (message, use) => {
      const [current, ...older] = keyring.keys.map(({ key }) =>
        macOf(key, contextOf(use), message),
      );
      if (!current) throw new RangeError("a keyring has at least one key");
      return [current, ...older];
    },
  };
}

// A key of its own for each use (RFC 5869): the master key itself signs nothing.
function macOf(key: Buffer, context: string, message: string): Buffer {
  const derived = Buffer.from(hkdfSync("sha256", key, "", `${context}/mac`, 32));
  return createHmac("sha256", derived).update(message, "utf8").digest();
}
