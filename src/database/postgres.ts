import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import pg from "pg";
import { FairGate } from "../admission/fair_gate.ts";
import { AuthError } from "../errors.ts";
import { CallAttempt, type CallLane } from "./call_attempt.ts";
import { callStatement } from "./calls.ts";
import { isConnectionDoubtful } from "./connection_doubt.ts";
import { ConnectionSilence } from "./connection_silence.ts";
import { ConnectionWear } from "./connection_wear.ts";
import type { Database, FunctionCall, Row, Transaction } from "./database.ts";
import { fromDriver, isRetryable } from "./errors.ts";
import type { Statement } from "./function_query.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** Connections in the pool; 10 by default. */
  readonly connections?: number;
  /** Of those, how many one project's calls may take; four fifths by default. */
  readonly connectionsPerProject?: number;
  /**
   * Functions of projects that a connection calls before another takes its place, which bounds the
   * memory of its backend; 200 by default, and 0 for any number.
   */
  readonly functionsPerConnection?: number;
  /**
   * Calls that may wait for a connection before others are refused with 503, those of the project with
   * most of them first; 200 by default.
   */
  readonly waiting?: number;
  /** Milliseconds for which a call waits for its turn, and again for a connection; 5,000 by default. */
  readonly connectTimeout?: number;
  /** Milliseconds until a call is given up and its connection discarded; 10,000 by default. */
  readonly deadline?: number;
  /** The same for each statement of a transaction, which by default may take as long as it takes. */
  readonly statementDeadline?: number;
  /**
   * Prepare calls under a name. Faster on a direct connection; leave it off behind a pooler that
   * does not carry prepared statements from one server connection to another.
   */
  readonly preparedStatements?: boolean;
  /** Hears of connections that break while idle. */
  readonly onConnectionLost?: () => void;
}

const retries = 3;

/** Connections that one project may hold while others hold none: four fifths of them. */
function mostOfOneProject(connections: number): number {
  return Math.max(1, Math.floor(connections * 0.8));
}

/** Opens a pool on a Postgres server. Nothing is connected until the first call. */
export function connectPostgres(options: PostgresOptions): Database {
  const { connections = 10, connectTimeout = 5_000 } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: connections,
    connectionTimeoutMillis: connectTimeout,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: "miosa-auth",
    ...(options.statementDeadline === undefined
      ? {}
      : { query_timeout: options.statementDeadline }),
  });
  pool.on("error", () => options.onConnectionLost?.());
  // The pool listens to idle clients alone. One that breaks at work tells its query, and then would
  // end the process, since it says so a second time to nobody.
  pool.on("connect", (client) => client.on("error", () => {}));
  const deadline = options.deadline ?? 10_000;
  const waiting = options.waiting ?? 200;
  const perProject = options.connectionsPerProject ?? mostOfOneProject(connections);
  const lane: CallLane = {
    ...{ pool, deadline, patience: connectTimeout },
    gate: new FairGate({
      slots: connections,
      spare: Math.max(0, connections - perProject),
      waiting,
    }),
    silence: new ConnectionSilence(),
    wear: new ConnectionWear(options.functionsPerConnection ?? 200),
    statementOf: options.preparedStatements ? namedStatement : unnamedStatement,
  };

  return {
    engine: "postgres",
    async call<T>(call: FunctionCall): Promise<T> {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return JSON.parse((await CallAttempt.run(lane, call)) ?? "null") as T;
        } catch (error) {
          if (!isRetryable(error)) throw fromDriver(error);
          if (attempt >= retries) throw new AuthError("conflict");
        }
      }
    },
    async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
      const client = await connect(pool, waiting);
      const transaction = new ClientTransaction(client);
      try {
        return await transaction.run(work);
      } finally {
        client.release(transaction.isConnectionDoubtful);
      }
    },
    load: () => ({
      busy: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: lane.gate.waiting + pool.waitingCount,
      capacity: connections,
    }),
    close: () => pool.end(),
  };
}

async function connect(pool: pg.Pool, waiting: number): Promise<pg.PoolClient> {
  if (isFull(pool, waiting)) throw new AuthError("service_unavailable", { retryAfter: 1 });
  try {
    return await pool.connect();
  } catch (error) {
    throw fromDriver(error);
  }
}

function isFull(pool: pg.Pool, waiting: number): boolean {
  return pool.waitingCount >= waiting;
}

class ClientTransaction implements Transaction {
  readonly #client: pg.PoolClient;
  isConnectionDoubtful = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
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

const statementNames = new LRUCache<string, string>({ max: 20_000 });

// The text's hash is in the name: behind a pooler, one name with two texts would silently run the
// other one's query.
function namedStatement(call: FunctionCall): Statement {
  const text = callStatement(call);
  let name = statementNames.get(text);
  if (name === undefined) {
    name = `ma_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
    statementNames.set(text, name);
  }
  return { text, name };
}

function unnamedStatement(call: FunctionCall): Statement {
  return { text: callStatement(call), name: undefined };
}
