import { EventEmitter } from "node:events";
import { type Identity, type IdentityOptions, identityStatement } from "./identity.ts";

/** A pool as pg has it. The second form of `connect` is not used: types are inferred through it. */
export interface PoolLike<C extends PoolClientLike> {
  connect(): Promise<C>;
  connect(
    callback: (
      error: Error | undefined,
      client: C | undefined,
      done: (release?: boolean | Error) => void,
    ) => void,
  ): void;
}

export interface PoolClientLike {
  query(text: string, values?: string[]): Promise<unknown>;
  release(destroy?: boolean): void;
}

/** An embedded database as PGlite has it. */
export interface EmbeddedLike<X extends EmbeddedTransactionLike> {
  transaction<T>(work: (tx: X) => Promise<T>): Promise<T>;
}

export interface EmbeddedTransactionLike {
  query(text: string, values?: string[]): Promise<unknown>;
}

// Its end tells whether the transaction is still the one that it was set in.
const mark = "savepoint miosa_auth_user";
const checkMark = "release savepoint miosa_auth_user";

/**
 * Runs `work` in one transaction as a user: the role and all settings of identity are made in it and
 * end with it, so the next user of the connection, also behind a pooler in transaction mode, finds
 * none. Commits when `work` resolves, rolls back when it rejects, when a statement of it failed
 * though `work` caught that, and when `work` ended the transaction itself, since what came after
 * that ran as nobody's. A connection of which the state is not known is not given back to the pool.
 *
 * The client is good for `work` alone: a call after the end is refused, as it would meet the
 * transaction of another user.
 *
 * @example
 * ```ts
 * await withUser(pool, await verifyToken(token, secret), async (client) => {
 *   return (await client.query("select * from appointments")).rows;
 * });
 * ```
 */
export async function withUser<C extends PoolClientLike, T>(
  pool: PoolLike<C>,
  identity: Identity,
  work: (client: C) => Promise<T>,
  options?: IdentityOptions,
): Promise<T>;
export async function withUser<X extends EmbeddedTransactionLike, T>(
  database: EmbeddedLike<X>,
  identity: Identity,
  work: (tx: X) => Promise<T>,
  options?: IdentityOptions,
): Promise<T>;
export async function withUser<T>(
  source: PoolLike<PoolClientLike> | EmbeddedLike<EmbeddedTransactionLike>,
  identity: Identity,
  work: (client: never) => Promise<T>,
  options?: IdentityOptions,
): Promise<T> {
  const { text, values } = identityStatement(identity, options);
  if (!("connect" in source)) {
    return source.transaction(async (tx) => {
      await tx.query(mark);
      await tx.query(text, values);
      const value = await lend(tx, work);
      await tx.query(checkMark).catch(explain);
      return value;
    });
  }
  const client = await source.connect();
  // A connection that breaks fails its query, and then says so a second time, as an event: without a
  // listener that ends the process, and pools listen to idle clients alone.
  const events = client instanceof EventEmitter ? client : undefined;
  events?.on("error", ignore);
  let isClean = false;
  try {
    await client.query(`begin; ${mark}`);
    await client.query(text, values);
    const value = await lend(client, work);
    await client.query(`${checkMark}; commit`).catch(explain);
    isClean = true;
    return value;
  } catch (error) {
    isClean = (await rollsBack(client)) && !(error instanceof EndedTransaction);
    throw error;
  } finally {
    if (isClean) events?.off("error", ignore);
    client.release(!isClean);
  }
}

function ignore(): void {}

/** Gives `work` the client until it is done, and not a moment longer. */
async function lend<C extends object, T>(
  client: C,
  work: (client: never) => Promise<T>,
): Promise<T> {
  let isOver = false;
  const lent = new Proxy(client, {
    get(target, property) {
      const value = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (isOver) throw new Error("This client was lent for one transaction, which is over");
        if (property === "release") throw new Error("withUser gives the client back itself");
        return Reflect.apply(value, target, args);
      };
    },
  });
  try {
    return await work(lent as never);
  } finally {
    isOver = true;
  }
}

class EndedTransaction extends Error {}

// Drivers say SQLSTATE as `code`, this package's own Database as `sqlstate`.
function explain(error: { code?: unknown; sqlstate?: unknown }): never {
  switch (error.sqlstate ?? error.code) {
    case "25P02":
      throw new Error("A statement of this transaction failed, so nothing of it was committed", {
        cause: error,
      });
    case "25P01":
    case "3B001":
      throw new EndedTransaction(
        "The transaction was ended by its own work: what came after did not run as the user",
        { cause: error },
      );
    default:
      throw error;
  }
}

async function rollsBack(client: PoolClientLike): Promise<boolean> {
  try {
    await client.query("rollback");
    return true;
  } catch {
    // What went wrong first is what the caller must hear; the connection is not used again.
    return false;
  }
}
