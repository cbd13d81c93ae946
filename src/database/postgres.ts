import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type pg from "pg";
import { FairGate } from "../admission/fair_gate.ts";
import { AuthError } from "../errors.ts";
import { CallAttempt, type CallLane } from "./call_attempt.ts";
import { callStatement } from "./calls.ts";
import { runTransaction } from "./client_transaction.ts";
import { ConnectionSilence } from "./connection_silence.ts";
import type { Database, FunctionCall } from "./database.ts";
import { fromDriver, isRetryable } from "./errors.ts";
import type { Statement } from "./function_query.ts";
import { PooledConnection } from "./pooled_connection.ts";
import { Seats } from "./seats.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** Connections in the pool; 10 by default. */
  readonly connections?: number;
  /** Of those, how many one project's calls may take; four fifths by default. */
  readonly connectionsPerProject?: number;
  /**
   * Functions of projects that a connection calls before another takes its place, which bounds the
   * memory of its backend; 320 by default, and 0 for any number.
   */
  readonly functionsPerConnection?: number;
  /**
   * Calls and transactions that may wait for a connection before others are refused with 503, those of the
   * project with most of them first; 200 by default.
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

/** Opens connections to a Postgres server. Nothing is connected until the first call. */
export function connectPostgres(options: PostgresOptions): Database {
  const { connections = 10, connectTimeout = 5_000 } = options;
  const config: pg.PoolConfig = {
    connectionString: options.url,
    connectionTimeoutMillis: connectTimeout,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: "miosa-auth",
    ...(options.statementDeadline === undefined
      ? {}
      : { query_timeout: options.statementDeadline }),
  };
  const functions = options.functionsPerConnection ?? 320;
  const onLost = () => options.onConnectionLost?.();
  const pooled = Array.from(
    { length: connections },
    () => new PooledConnection({ config, functions, onLost }),
  );
  const pools = pooled.map(({ pool }) => pool);
  const perProject = options.connectionsPerProject ?? mostOfOneProject(connections);
  const lane: CallLane = {
    gate: new FairGate({
      slots: connections,
      spare: Math.max(0, connections - perProject),
      waiting: options.waiting ?? 200,
    }),
    seats: new Seats(pooled),
    patience: connectTimeout,
    silence: new ConnectionSilence(),
    deadline: options.deadline ?? 10_000,
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
    transaction: (work) => runTransaction(lane, work),
    load() {
      const idle = sum(pools, (pool) => pool.idleCount);
      return {
        busy: sum(pools, (pool) => pool.totalCount) - idle,
        idle,
        waiting: lane.gate.waiting + lane.seats.waiting + sum(pools, (pool) => pool.waitingCount),
        capacity: connections,
      };
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
}

function sum(pools: readonly pg.Pool[], count: (pool: pg.Pool) => number): number {
  return pools.reduce((total, pool) => total + count(pool), 0);
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
