import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { JWK } from "jose";
import { type Auth, type AuthOptions, createAuth } from "../../src/auth.ts";
import { jwtKeyContext, seal } from "../../src/projects/secrets.ts";
import type { TestProject } from "./project.ts";
import { openService } from "./service.ts";

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: "HS256" | "ES256" | "RS256";
  /** The shared secret as text, or a private key in PKCS #8. */
  readonly secret: string;
  readonly publicJwk: JWK | null;
}

type State = "next" | "active" | "retired";

export function newKid(): string {
  return randomBytes(12).toString("base64url");
}

export function newSharedSecret(): SigningKey {
  const secret = randomBytes(32).toString("hex");
  return { kid: newKid(), algorithm: "HS256", secret, publicJwk: null };
}

export async function newKeyPair(algorithm: "ES256" | "RS256"): Promise<SigningKey> {
  const { privateKey, publicKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    kid: newKid(),
    algorithm,
    secret: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicJwk: publicKey.export({ format: "jwk" }) as JWK,
  };
}

/** Stores a key, sealed as the service seals it. */
export async function storeKey(project: TestProject, key: SigningKey, state: State): Promise<void> {
  const { kid, algorithm, secret, publicJwk } = key;
  const sealed = seal(project.service.keyring, secret, jwtKeyContext(project.id, kid));
  await project.sql("select add_jwt_key($1, $2, $3, $4, $5)", [
    kid,
    algorithm,
    state,
    sealed,
    publicJwk && JSON.stringify(publicJwk),
  ]);
}

/** Makes `key` the one that signs; the one before it stays good for `overlap`, as Postgres reads it. */
export async function activateKey(
  project: TestProject,
  key: SigningKey,
  overlap: string,
): Promise<void> {
  await project.transaction(async (query) => {
    await query(
      `update jwt_keys set state = 'retired', accepted_until = now() + $1::interval
       where state = 'active'`,
      [overlap],
    );
    await query("update jwt_keys set state = 'active' where kid = $1", [key.kid]);
  });
}

/** A server that has just started: it has nothing cached yet. Close it in the end. */
export async function freshServer(options: Partial<AuthOptions> = {}): Promise<Auth> {
  const { runtime, masterKey, publicUrl } = await openService();
  return createAuth({ database: runtime, masterKey, publicUrl, ...options });
}
