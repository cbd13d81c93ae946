import { isDeepStrictEqual } from "node:util";
import { LRUCache } from "lru-cache";
import type { Database } from "../database/database.ts";
import {
  type Configuration,
  type ProjectFunctions,
  projectFunctions,
  registryFunctions,
} from "../database/functions.ts";
import { AuthError, OperatorError } from "../errors.ts";
import type { KeyMaterial } from "../tokens/keys.ts";
import { isProjectId } from "./project_id.ts";
import { type SecretBox, secretBox } from "./secret_box.ts";
import { jwtKeyContext, type Keyring, unseal } from "./secrets.ts";

/** A project that can be served. */
export interface ServableProject {
  readonly id: string;
  readonly functions: ProjectFunctions;
  readonly configuration: Configuration;
  readonly keys: readonly KeyMaterial[];
  readonly box: SecretBox;
}

export interface DirectoryOptions {
  readonly databases: readonly Database[];
  readonly keyring: Keyring;
  /** Milliseconds that an answer is kept; 5,000 by default, which is also the most. */
  readonly ttl?: number;
}

/** Finds projects by id, in any of the databases of a fleet. */
export interface Directory {
  /**
   * @throws AuthError project_not_found, project_suspended, unexpected_failure when two databases
   * hold the id, service_unavailable
   */
  find(id: string): Promise<ServableProject>;
}

const longestTtl = 5_000;

/** Keys that do not open are an answer too: the keys of before must not outlive them. */
type Entry = ServableProject | "unknown" | "suspended" | OperatorError;

interface Found {
  readonly entry: Entry;
  /** Where the project is, if it can be served. */
  readonly database?: Database;
}

/**
 * Keeps what it found for some seconds, so that a request costs no look-up and a change of settings
 * or keys still arrives soon. While a database is away, what was known goes on being used.
 */
export function projectDirectory(options: DirectoryOptions): Directory {
  const cache = new LRUCache<string, Found>({
    max: 20_000,
    ttl: Math.min(options.ttl ?? longestTtl, longestTtl),
    fetchMethod: async (id, known) => {
      try {
        return await look(id, options, known);
      } catch (error) {
        if (known && isAway(error)) return known;
        throw error;
      }
    },
  });

  return {
    async find(id) {
      if (!isProjectId(id)) throw new AuthError("project_not_found");
      const { entry } = (await cache.fetch(id)) ?? { entry: "unknown" };
      if (entry === "unknown") throw new AuthError("project_not_found");
      if (entry === "suspended") throw new AuthError("project_suspended");
      if (entry instanceof OperatorError) {
        throw new AuthError("service_unavailable", { cause: entry });
      }
      return entry;
    },
  };
}

async function look(
  id: string,
  { databases, keyring }: DirectoryOptions,
  known: Found | undefined,
): Promise<Found> {
  const before = known && isServable(known.entry) ? known.entry : undefined;
  // Nearly always the project is where it was: it is asked without waiting to hear that. That it fails matters
  // only if it is, and then whoever awaits it below is told.
  const expected = before?.functions.configuration();
  expected?.catch(() => {});
  const holder = await findHolder(id, databases);
  if (holder === undefined) return { entry: "unknown" };
  const { database, state } = holder;
  if (state === "suspended") return { entry: "suspended" };

  const isWhereItWas = known?.database === database;
  const functions = projectFunctions(database, id);
  const configuration = await ((isWhereItWas && expected) || functions.configuration());
  // With the keys that are open already, and all that others have made of it.
  if (known && isWhereItWas && isDeepStrictEqual(before?.configuration, configuration))
    return known;
  try {
    const keys = openedKeys(id, configuration, keyring);
    const entry = { id, functions, configuration, keys, box: secretBox(keyring, id) };
    return { entry, database };
  } catch (error) {
    if (error instanceof OperatorError) return { entry: error };
    throw error;
  }
}

interface Holder {
  readonly database: Database;
  readonly state: "active" | "suspended";
}

async function findHolder(id: string, databases: readonly Database[]): Promise<Holder | undefined> {
  const answers = await Promise.allSettled(
    databases.map(async (database) => ({
      database,
      project: await registryFunctions(database).findProject(id),
    })),
  );
  const holders = answers.flatMap((answer) =>
    answer.status === "fulfilled" && answer.value.project !== null
      ? [{ database: answer.value.database, state: answer.value.project.state }]
      : [],
  );
  // A database that is away stops nobody whose project is in another.
  const failure = answers.find((answer) => answer.status === "rejected");
  if (holders.length === 0 && failure) throw failure.reason;
  if (holders.length > 1) {
    throw new AuthError("unexpected_failure", {
      cause: new OperatorError(`the project ${id} is registered in ${holders.length} databases`),
    });
  }
  return holders[0];
}

function isServable(entry: Entry): entry is ServableProject {
  return typeof entry !== "string" && !(entry instanceof OperatorError);
}

function isAway(error: unknown): boolean {
  return error instanceof AuthError && error.code === "service_unavailable";
}

function openedKeys(id: string, configuration: Configuration, keyring: Keyring): KeyMaterial[] {
  return configuration.jwt_keys.map((key) => ({
    kid: key.kid,
    algorithm: key.algorithm,
    isActive: key.state === "active",
    secret: unseal(keyring, Buffer.from(key.sealed, "hex"), jwtKeyContext(id, key.kid)),
    publicJwk: key.public_jwk ?? undefined,
  }));
}
