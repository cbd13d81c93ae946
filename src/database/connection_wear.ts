import type pg from "pg";

interface Wear {
  readonly statements: Set<string>;
  /** How many end it. */
  readonly bound: number;
}

/**
 * Counts the functions of projects that each connection has called. A backend keeps what it has read of
 * them, and their plans, until its connection ends: some half a megabyte each.
 */
export class ConnectionWear {
  readonly #bound: number;
  readonly #wear = new WeakMap<pg.PoolClient, Wear>();

  /** @param bound functions that a connection may call; 0 for any number */
  constructor(bound: number) {
    this.#bound = bound;
  }

  /** Notes a call; whether the connection should end after it. */
  isWornBy(client: pg.PoolClient, statement: string): boolean {
    if (this.#bound === 0) return false;
    let wear = this.#wear.get(client);
    if (wear === undefined) {
      wear = { statements: new Set(), bound: this.#boundOfOne() };
      this.#wear.set(client, wear);
    }
    wear.statements.add(statement);
    return wear.statements.size >= wear.bound;
  }

  // Connections that serve the same requests would all end at once.
  #boundOfOne(): number {
    return Math.ceil(this.#bound * (1 - Math.random() / 4));
  }
}
