import type pg from "pg";

/**
 * Which connections may lead nowhere. A link that breaks without a reset (a failover, a firewall that forgot
 * it) is found out by a call that nobody answers; what was silent for as long is likely to have broken with it,
 * and would cost another call its deadline.
 */
export class ConnectionSilence {
  readonly #heardAt = new WeakMap<pg.PoolClient, number>();
  #unansweredSince = Number.NEGATIVE_INFINITY;

  /** The server has just answered on it. */
  hear(client: pg.PoolClient): void {
    this.#heardAt.set(client, performance.now());
  }

  /** A call was given up that was sent at this time, of `performance.now()`. */
  giveUp(sentAt: number): void {
    this.#unansweredSince = Math.max(this.#unansweredSince, sentAt);
  }

  /** Whether nothing was heard on it since a call was sent that was given up. */
  isSuspect(client: pg.PoolClient): boolean {
    const heardAt = this.#heardAt.get(client);
    return heardAt !== undefined && heardAt < this.#unansweredSince;
  }
}
