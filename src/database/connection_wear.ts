/**
 * The functions of projects that one connection has called. A backend keeps what it has read of them, and
 * their plans, until its connection ends: some half a megabyte each.
 */
export class ConnectionWear {
  readonly #statements = new Set<string>();
  readonly #bound: number;

  /** @param bound functions that a connection may call; 0 for any number */
  constructor(bound: number) {
    // Connections that serve the same requests would all end at once.
    this.#bound = Math.ceil(bound * (1 - Math.random() / 4));
  }

  /** How many they are. */
  get size(): number {
    return this.#statements.size;
  }

  has(statement: string): boolean {
    return this.#statements.has(statement);
  }

  /** Notes a call; whether the connection should end after it. */
  isWornBy(statement: string): boolean {
    this.#statements.add(statement);
    return this.#bound > 0 && this.size >= this.#bound;
  }
}
