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

/**
 * Runs `work` in one transaction as a user: the role and all settings of identity are made in it and
 * end with it, so the next user of the connection, also behind a pooler in transaction mode, finds
 * none. Commits when `work` resolves, rolls back when it rejects. A connection of which the state is
 * not known is not given back to the pool.
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
      await tx.query(text, values);
      return work(tx as never);
    });
  }
  const client = await source.connect();
  let isClean = false;
  try {
    await client.query("begin");
    await client.query(text, values);
    const value = await work(client as never);
    requireCommitted(await client.query("commit"));
    isClean = true;
    return value;
  } catch (error) {
    isClean = await rollsBack(client);
    throw error;
  } finally {
    client.release(!isClean);
  }
}

// Postgres answers COMMIT with ROLLBACK when a statement failed before, even if `work` caught it.
function requireCommitted(result: unknown): void {
  if ((result as { command?: string } | undefined)?.command === "ROLLBACK") {
    throw new Error("A statement of this transaction failed, so nothing of it was committed");
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
