import { createHmac, sign as signWith } from "node:crypto";

type Part = object | string;

export interface CraftedToken {
  /** An object, or the JSON text to be taken as it is. */
  readonly header?: Part;
  readonly payload: Part;
  /** Makes the signature of `<header>.<payload>`; a text or buffer is a key for HMAC-SHA256. */
  readonly sign: string | Buffer | ((input: string) => string);
}

const defaultHeader = { alg: "HS256", typ: "JWT" };

/** A compact JWS of anything at all, also of what no library would write. */
export function craftToken({ header = defaultHeader, payload, sign }: CraftedToken): string {
  const input = `${encode(header)}.${encode(payload)}`;
  const signature = typeof sign === "function" ? sign(input) : hmac("sha256", sign)(input);
  return `${input}.${signature}`;
}

/** Signs with an HMAC, for `craftToken`. */
export function hmac(hash: "sha256" | "sha384" | "sha512", key: string | Buffer) {
  return (input: string) => createHmac(hash, key).update(input).digest("base64url");
}

/** Signs with a private key in PEM, for `craftToken`: ES256 for an EC key, RS256 for an RSA key. */
export function privateKey(pem: string) {
  return (input: string) =>
    signWith("sha256", Buffer.from(input), { key: pem, dsaEncoding: "ieee-p1363" }).toString(
      "base64url",
    );
}

export function headerOf(token: string): Record<string, unknown> {
  return part(token, 0);
}

export function claimsOf(token: string): Record<string, unknown> {
  return part(token, 1);
}

function part(token: string, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString("utf8"));
}

function encode(part: Part): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}
