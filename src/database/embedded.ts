import { PGlite } from "@electric-sql/pglite";
import { callStatement, callValues } from "./calls.ts";
import type { Database, FunctionCall, Row, Transaction } from "./database.ts";
import { fromDriver } from "./errors.ts";

export interface EmbeddedOptions {
  /** The folder that keeps the data; in memory without one. */
  readonly dataDir?: string;
  /** An instance the caller opened and will close. */
  readonly pglite?: PGlite;
}

/**
 * Opens PGlite, Postgres inside this process. It has one connection and no lock of its own on its
 * folder: take one before (see `lockDataFolder`).
 *
 * The session user is a superuser, so every call takes the runtime's role for its transaction:
 * grants bite as they do on a server.
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Database> {
  const pglite =
    options.pglite ?? (await PGlite.create({ dataDir: options.dataDir ?? "memory://" }));

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

async function driver<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw fromDriver(error);
  }
}
