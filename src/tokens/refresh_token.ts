import { hash, randomBytes } from "node:crypto";

/**
 * A refresh token: 256 random bits, given to the client in base64url. SQL sees its hash, and its
 * value only under its parent's (`wrapped`), so that neither a dump nor a log can refresh.
 */
export interface RefreshToken {
  readonly text: string;
  readonly secret: Buffer;
  /** SHA-256 of the secret. */
  readonly hash: Buffer;
}

const bytes = 32;
const wrapDomain = Buffer.from("miosa-auth/refresh-token-wrap/1\0");

export function newRefreshToken(): RefreshToken {
  return fromSecret(randomBytes(bytes));
}

/** Reads a token as a client sent it; null when it cannot be one. */
export function parseRefreshToken(text: string): RefreshToken | null {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) return null;
  const token = fromSecret(Buffer.from(text, "base64url"));
  // The last letter carries two idle bits: only one spelling of a token is that token.
  return token.text === text ? token : null;
}

/** Hides a child so that only its parent's holder can read it. Its own inverse. */
export function wrapUnder(parent: RefreshToken, secret: Uint8Array): Buffer {
  const mask = sha256(Buffer.concat([wrapDomain, parent.secret]));
  return Buffer.from(mask.map((octet, index) => octet ^ (secret[index] ?? 0)));
}

/** The child that SQL gave back, in hex, read with the parent that the client presented. */
export function unwrapUnder(parent: RefreshToken, wrapped: string): RefreshToken {
  return fromSecret(wrapUnder(parent, Buffer.from(wrapped, "hex")));
}

function fromSecret(secret: Buffer): RefreshToken {
  return {
    text: secret.toString("base64url"),
    secret,
    hash: sha256(secret),
  };
}

function sha256(data: Buffer): Buffer {
  return hash("sha256", data, "buffer");
}
