import type pg from "pg";
import { isConnectionDoubtful } from "./connection_doubt.ts";
import type { Row, Transaction } from "./database.ts";
import { fromDriver } from "./errors.ts";
import type { PooledConnection } from "./pooled_connection.ts";
import { Turn, type TurnLane } from "./turn.ts";

type Work<T> = (tx: Transaction) => Promise<T>;

/** Runs `work` in one transaction, in a turn of its own. */
export async function runTransaction<T>(lane: TurnLane, work: Work<T>): Promise<T> {
  const { connection, turn } = await takeTurn(lane);
  try {
    const client = await connection.pool.connect().catch((error: unknown) => {
      throw fromDriver(error);
    });
    const transaction = new ClientTransaction(client);
    try {
      return await transaction.run(work);
    } finally {
      client.release(transaction.isConnectionDoubtful);
    }
  } finally {
    turn.end();
  }
}

interface Taken {
  readonly connection: PooledConnection;
  readonly turn: Turn;
}

function takeTurn(lane: TurnLane): Promise<Taken> {
  return new Promise((resolve, reject) => {
    new Turn(lane, undefined, (connection, turn) => resolve({ connection, turn }), reject).enter();
  });
}

class ClientTransaction implements Transaction {
  readonly #client: pg.PoolClient;
  isConnectionDoubtful = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async run<T>(work: Work<T>): Promise<T> {
    await this.script("begin");
    try {
      const value = await work(this);
      await this.script("commit");
      return value;
    } catch (error) {
      if (!this.isConnectionDoubtful) await this.script("rollback");
      throw error;
    }
  }

  async query<R extends Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return (await this.#send<R>(text, [...params])).rows;
  }

  async script(sql: string): Promise<void> {
    await this.#send(sql);
  }

  async #send<R extends Row>(text: string, params?: unknown[]): Promise<pg.QueryResult<R>> {
    try {
      return await this.#client.query<R>(text, params);
    } catch (error) {
      this.isConnectionDoubtful ||= isConnectionDoubtful(error);
      throw fromDriver(error);
    }
  }
}
