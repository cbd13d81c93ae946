/** A row as the engine gives it: column name to value. */
export type Row = Record<string, unknown>;

/** Statements inside one transaction. */
export interface Transaction {
  /** Runs one parameterised statement. */
  query<R extends Row = Row>(text: string, params?: readonly unknown[]): Promise<R[]>;
  /** Runs a script of any number of statements, without parameters. */
  script(sql: string): Promise<void>;
}

/**
 * The one door to a Postgres engine. Everything above this folder speaks of functions and
 * transactions, never of drivers.
 */
export interface Database {
  readonly engine: "postgres" | "embedded";
  /**
   * Calls one SQL function as the runtime role, in a transaction of its own, and returns its value.
   * `args` are bound in order; each `type` is the parameter's SQL type.
   *
   * @throws DatabaseError
   */
  call<T>(call: FunctionCall): Promise<T>;
  /** Runs `work` in one transaction as the connected role; a throw rolls it back. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** How busy the connections are now, where there are several. */
  load?(): ConnectionLoad;
  close(): Promise<void>;
}

/** A pool's connections at one moment. */
export interface ConnectionLoad {
  readonly busy: number;
  readonly idle: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
  /** Connections that there may be. */
  readonly capacity: number;
}

export interface FunctionCall {
  readonly schema: string;
  readonly name: string;
  readonly args: readonly Argument[];
  /** Asked before the call is sent, which it is not where nobody waits for it any more. */
  readonly isAbandoned?: (() => boolean) | undefined;
  /** For a function that returns text, a number or a boolean; all others return jsonb. */
  readonly isScalar?: boolean;
}

export interface Argument {
  readonly type: "text" | "uuid" | "jsonb" | "bytea" | "inet" | "boolean" | "integer" | "bigint";
  readonly value: string | Uint8Array | boolean | null;
}
