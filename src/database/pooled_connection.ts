import pg from "pg";
import { ConnectionWear } from "./connection_wear.ts";
import type { SeatedConnection } from "./seat.ts";

export interface PooledConnectionOptions {
  readonly config: pg.PoolConfig;
  /** Functions that it calls before another takes its place. */
  readonly functions: number;
  readonly onLost: () => void;
}

/** A pool of one connection, so that who uses it can be chosen; all else is the pool's. */
export class PooledConnection implements SeatedConnection {
  readonly pool: pg.Pool;
  #wear: ConnectionWear;

  constructor({ config, functions, onLost }: PooledConnectionOptions) {
    this.#wear = new ConnectionWear(functions);
    this.pool = new pg.Pool({ ...config, max: 1 });
    this.pool.on("error", onLost);
    this.pool.on("connect", (client) => {
      this.#wear = new ConnectionWear(functions);
      // The pool listens to idle clients alone. One that breaks at work tells its query, and then would
      // end the process, since it says so a second time to nobody.
      client.on("error", () => {});
    });
  }

  get isOpen(): boolean {
    return this.pool.idleCount > 0;
  }

  get wear(): number {
    return this.#wear.size;
  }

  knows(statement: string): boolean {
    return this.isOpen && this.#wear.has(statement);
  }

  /** Notes a call; whether the connection should end after it. */
  isWornBy(statement: string): boolean {
    return this.#wear.isWornBy(statement);
  }
}
