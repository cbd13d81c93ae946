import { PGlite } from "@electric-sql/pglite";
import { callStatement, callValues } from "./calls.ts";
import type { Database, FunctionCall, Row, Transaction } from "./database.ts";
import { fromDriver } from "./errors.ts";
import { type DatabasePort, openPort, type PortOptions } from "./port/port.ts";
import { shareConnection } from "./port/shared_connection.ts";

export interface EmbeddedOptions {
  /** The folder that keeps the data; in memory without one. */
  readonly dataDir?: string;
  /** An instance the caller opened and will close. */
  readonly pglite?: PGlite;
  /** What {@link dumpEmbedded} gave: the database starts as a copy of it, in a fraction of the time. */
  readonly image?: Blob;
}

/**
 * Opens PGlite, Postgres inside this process. It has one connection and no lock of its own on its
 * folder: take one before (see `lockDataFolder`).
 *
 * The session user is a superuser, so every call takes the runtime's role for its transaction:
 * grants bite as they do on a server.
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Database> {
  const pglite = options.pglite ?? (await createPglite(options));

  return {
    engine: "embedded",
    async call<T>(call: FunctionCall): Promise<T> {
      try {
        return await pglite.transaction(async (tx) => {
          await tx.exec("set local role miosa_auth_runtime");
          const result = await tx.query<{ value: T }>(callStatement(call), callValues(call));
          return result.rows[0]?.value as T;
        });
      } catch (error) {
        throw fromDriver(error);
      }
    },
    async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
      let failure: unknown;
      try {
        return await pglite.transaction(async (tx) => {
          try {
            return await work({
              query: async <R extends Row>(text: string, params: readonly unknown[] = []) =>
                (await driver(tx.query<R>(text, [...params]))).rows,
              script: async (sql) => {
                await driver(tx.exec(sql));
              },
            });
          } catch (error) {
            failure = error;
            throw error;
          }
        });
      } catch (error) {
        throw failure ?? fromDriver(error);
      }
    },
    close: async () => {
      if (!options.pglite) await pglite.close();
    },
  };
}

/** An embedded database that others can connect to as well. */
export interface SharedEmbedded extends Database {
  /** Opens a Postgres port; close it before the database. */
  listen(options: PortOptions): Promise<DatabasePort>;
}

/** Opens PGlite for the service and for clients of a Postgres port, one at a time. */
export async function openSharedEmbedded(options: EmbeddedOptions = {}): Promise<SharedEmbedded> {
  const pglite = options.pglite ?? (await createPglite(options));
  const database = await openEmbedded({ pglite });
  const connection = shareConnection(pglite);
  return {
    engine: "embedded",
    call: <T>(call: FunctionCall) => connection.serve(() => database.call<T>(call)),
    transaction: (work) => connection.serve(() => database.transaction(work)),
    listen: (port) => openPort(connection, port),
    close: async () => {
      if (!options.pglite) await pglite.close();
    },
  };
}

/** A whole database as one image, prepared by `prepare`; it can be opened any number of times. */
export async function dumpEmbedded(prepare: (database: Database) => Promise<void>): Promise<Blob> {
  const pglite = await PGlite.create();
  try {
    await prepare(await openEmbedded({ pglite }));
    return await pglite.dumpDataDir("none");
  } finally {
    await pglite.close();
  }
}

function createPglite({ dataDir = "memory://", image }: EmbeddedOptions): Promise<PGlite> {
  return PGlite.create(image ? { dataDir, loadDataDir: image } : { dataDir });
}

async function driver<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw fromDriver(error);
  }
}
