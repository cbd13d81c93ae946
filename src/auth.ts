import { type Logger, pino } from "pino";
import type { Database } from "./database/database.ts";
import { registryFunctions } from "./database/functions.ts";
import { AuthError } from "./errors.ts";
import { createApp } from "./http/app.ts";
import { clientAddressReader } from "./http/client_address.ts";
import type { Bindings } from "./http/service.ts";
import { signupGate } from "./http/signup_gate.ts";
import { createHasher, type Hasher, type HasherOptions } from "./passwords/hasher.ts";
import { projectDirectory } from "./projects/directory.ts";
import { parseKeyring } from "./projects/secrets.ts";

export interface AuthOptions {
  /** One database, or the databases of a fleet. Closing them stays with the caller. */
  readonly database: Database | readonly Database[];
  /** MIOSA_AUTH_KEY: 64 hex characters, or several with commas between, the new one first. */
  readonly masterKey: string;
  /** Where projects are reached from outside; AUTH_URL is this and the project's id. */
  readonly publicUrl: string;
  /** Addresses or networks of proxies whose X-Forwarded-For is believed; none by default. */
  readonly trustedProxies?: readonly string[];
  /** Admit every loopback origin by CORS; for development. */
  readonly allowLoopbackOrigins?: boolean;
  readonly hashing?: HasherOptions;
  /** Computes password hashes instead of bcrypt; for tests. The caller closes it. */
  readonly hasher?: Hasher;
  /** Silent by default. */
  readonly logger?: Logger;
}

/** The auth service of all projects of its databases, as a fetch-style handler. */
export interface Auth {
  /**
   * Answers a request. A server that passes Node's `incoming` message along lets requests be counted
   * by client address.
   */
  fetch(request: Request, bindings?: Bindings): Promise<Response>;
  /** Says from now on that it is not ready, so that a load balancer sends nobody new. */
  drain(): void;
  /** Finishes the hashes in flight and ends the hashing threads. */
  close(): Promise<void>;
}

/**
 * Makes the service.
 *
 * @throws RangeError for a master key that cannot be one
 * @example
 * ```ts
 * const auth = createAuth({ database, masterKey, publicUrl: "https://auth.example" });
 * app.mount("/", (request) => auth.fetch(request));
 * ```
 */
export function createAuth(options: AuthOptions): Auth {
  const databases = [options.database].flat() as readonly Database[];
  const keyring = parseKeyring(options.masterKey);
  const hasher = options.hasher ?? createHasher(options.hashing);
  let isDraining = false;
  const app = createApp({
    directory: projectDirectory({ databases, keyring }),
    hasher,
    signupGate: signupGate(),
    publicUrl: options.publicUrl.replace(/\/+$/, ""),
    allowsLoopbackOrigins: options.allowLoopbackOrigins ?? false,
    clientAddress: clientAddressReader({ trustedProxies: options.trustedProxies ?? [] }),
    logger: options.logger ?? pino({ enabled: false }),
    mailQueued: () => {},
    async checkReadiness() {
      if (isDraining) throw new AuthError("service_unavailable", { retryAfter: 5 });
      await Promise.all(databases.map((database) => registryFunctions(database).findProject("")));
    },
  });
  return {
    fetch: async (request, bindings = {}) => app.fetch(request, bindings),
    drain: () => {
      isDraining = true;
    },
    close: async () => {
      if (!options.hasher) await hasher.close();
    },
  };
}
