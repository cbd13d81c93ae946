import { createSecretKey, type KeyObject } from "node:crypto";
import { type CryptoKey, importJWK, importPKCS8, type JWK } from "jose";

export type SigningAlgorithm = "HS256" | "ES256" | "RS256";

/** A key of a project, opened. */
export interface JwtKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly isActive: boolean;
  readonly sign: KeyObject | CryptoKey;
  readonly verify: KeyObject | CryptoKey;
  /** What the JWKS shows; never for a shared secret. */
  readonly publicJwk: JWK | undefined;
}

/** The keys of one project: the active one signs, all of them verify. */
export interface KeySet {
  readonly active: JwtKey;
  readonly all: ReadonlyMap<string, JwtKey>;
}

export interface KeyMaterial {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly isActive: boolean;
  /** The shared secret used as text, or a private key in PKCS #8. */
  readonly secret: string;
  readonly publicJwk: JWK | undefined;
}

const leastSecretBytes = 32;

/**
 * Opens the keys of a project. A set without exactly one active key, and a secret that is too
 * short for HS256 (RFC 7518 section 3.2), are errors: a project with no key must not be served
 * with an empty one.
 *
 * @throws RangeError
 */
export async function openKeys(materials: readonly KeyMaterial[]): Promise<KeySet> {
  const keys = await Promise.all(materials.map(openKey));
  const active = keys.filter((key) => key.isActive);
  const [only] = active;
  if (!only || active.length !== 1)
    throw new RangeError("a project has exactly one active JWT key");
  return { active: only, all: new Map(keys.map((key) => [key.kid, key])) };
}

async function openKey(material: KeyMaterial): Promise<JwtKey> {
  const { kid, algorithm, isActive, secret, publicJwk } = material;
  if (algorithm === "HS256") {
    if (Buffer.byteLength(secret) < leastSecretBytes) {
      throw new RangeError("a JWT secret has at least 32 bytes");
    }
    const key = createSecretKey(secret, "utf8");
    return { kid, algorithm, isActive, sign: key, verify: key, publicJwk: undefined };
  }
  if (!publicJwk) throw new RangeError("an asymmetric key has a public half");
  const verify = await importJWK(publicJwk, algorithm);
  if (verify instanceof Uint8Array) throw new RangeError("a public key is not a shared secret");
  return {
    kid,
    algorithm,
    isActive,
    sign: await importPKCS8(secret, algorithm),
    verify,
    publicJwk: { ...publicJwk, kid, alg: algorithm, use: "sig", key_ops: ["verify"] },
  };
}
