import { createSecretKey, type KeyObject } from "node:crypto";
import { type CryptoKey, exportJWK, importJWK, importPKCS8, type JWK } from "jose";
import { OperatorError } from "../errors.ts";

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
const leastModulusBits = 2048;

/**
 * Opens the keys of a project. A set without exactly one active key, and a key that is too short for
 * its algorithm (RFC 7518 sections 3.2 and 3.3), are errors: a project with no key must not be
 * served with an empty one.
 *
 * @throws OperatorError
 */
export async function openKeys(materials: readonly KeyMaterial[]): Promise<KeySet> {
  const keys = await Promise.all(materials.map(openKey));
  const active = keys.filter((key) => key.isActive);
  const [only] = active;
  if (!only || active.length !== 1) {
    throw new OperatorError("a project has exactly one active JWT key");
  }
  return { active: only, all: new Map(keys.map((key) => [key.kid, key])) };
}

async function openKey(material: KeyMaterial): Promise<JwtKey> {
  const { kid, algorithm, isActive, secret, publicJwk } = material;
  if (algorithm === "HS256") {
    if (Buffer.byteLength(secret) < leastSecretBytes) {
      throw new OperatorError("a JWT secret has at least 32 bytes");
    }
    const key = createSecretKey(secret, "utf8");
    return { kid, algorithm, isActive, sign: key, verify: key, publicJwk: undefined };
  }
  const verify = await openPublicKey(algorithm, publicJwk);
  return {
    kid,
    algorithm,
    isActive,
    sign: await openPrivateKey(algorithm, secret),
    verify,
    publicJwk: {
      ...(await exportJWK(verify)),
      kid,
      alg: algorithm,
      use: "sig",
      key_ops: ["verify"],
    },
  };
}

async function openPublicKey(algorithm: string, jwk: JWK | undefined): Promise<CryptoKey> {
  const key =
    jwk && (await importJWK(jwk, algorithm, { extractable: true }).catch(() => undefined));
  if (!key || key instanceof Uint8Array || key.type !== "public") {
    throw new OperatorError(
      "an asymmetric JWT key has a public half, and no private one beside it",
    );
  }
  const { modulusLength } = key.algorithm as { modulusLength?: number };
  if (modulusLength !== undefined && modulusLength < leastModulusBits) {
    throw new OperatorError("an RSA key has at least 2048 bits");
  }
  return key;
}

async function openPrivateKey(algorithm: string, pem: string): Promise<CryptoKey> {
  try {
    return await importPKCS8(pem, algorithm);
  } catch {
    throw new OperatorError("an asymmetric JWT key is a private key of its algorithm in PKCS #8");
  }
}
