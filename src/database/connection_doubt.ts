import pg from "pg";

/**
 * Whether a connection on which this happened must not be used again. A server answers with an SQLSTATE;
 * anything else (time-out, reset, cut) leaves a connection of which nobody knows what it will say next.
 * After 57P0x, 08xxx and the time-outs of a session it is gone as well, and after 25006 it leads to a
 * server that is a standby by now: another one may lead to the primary.
 */
export function isConnectionDoubtful(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || /^(08|57P0|25P0[34]|25006)/.test(error.code ?? "");
}
