import type { Database } from "../database/database.ts";
import type { Configuration } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "./registry.ts";
import { jwtKeyContext, type Keyring, unseal } from "./secrets.ts";

/** The two variables that a project's app is given. */
export interface ProjectEnvironment {
  readonly AUTH_URL: string;
  readonly AUTH_JWT_SECRET: string;
}

/** The AUTH_URL of a project: the public URL of the fleet and the project's id. */
export function authUrlOf(publicUrl: string, id: string): string {
  return `${publicUrl.replace(/\/+$/, "")}/${id}`;
}

/**
 * Reads a project's variables; opens its secret, so it needs the keyring it was sealed under.
 *
 * @throws AuthError project_not_found, validation_failed
 */
export async function readEnvironment(
  database: Database,
  id: string,
  keyring: Keyring,
  publicUrl: string,
): Promise<ProjectEnvironment> {
  const configuration = await asProjectOwner(database, id, async (tx) => {
    const [row] = await tx.query<{ value: Configuration }>("select configuration() as value");
    return row?.value;
  });
  const active = configuration?.jwt_keys.find((key) => key.state === "active");
  if (active?.algorithm !== "HS256") {
    throw new AuthError("validation_failed", {
      message: `The project ${id} signs with a private key; its tokens verify by its JWKS`,
    });
  }
  return {
    AUTH_URL: authUrlOf(publicUrl, id),
    AUTH_JWT_SECRET: openSecret(id, active, keyring),
  };
}

/** @throws AuthError validation_failed when the keyring is not the one it was sealed under */
export function openSecret(
  id: string,
  key: { kid: string; sealed: string },
  keyring: Keyring,
): string {
  try {
    return unseal(keyring, Buffer.from(key.sealed, "hex"), jwtKeyContext(id, key.kid));
  } catch (cause) {
    throw new AuthError("validation_failed", {
      message: `This MIOSA_AUTH_KEY does not open the secrets of ${id}`,
      cause,
    });
  }
}
