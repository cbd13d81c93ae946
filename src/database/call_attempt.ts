import pg from "pg";
import { isConnectionDoubtful } from "./connection_doubt.ts";
import type { ConnectionSilence } from "./connection_silence.ts";
import type { FunctionCall } from "./database.ts";
import { FunctionQuery, type Statement } from "./function_query.ts";
import type { PooledConnection } from "./pooled_connection.ts";
import { overload, Turn, type TurnLane } from "./turn.ts";

/** What all calls of a database share. */
export interface CallLane extends TurnLane {
  readonly silence: ConnectionSilence;
  /** Milliseconds until a call that runs is given up. */
  readonly deadline: number;
  readonly statementOf: (call: FunctionCall) => Statement;
}

// How pg's client says that the deadline is over. A clock does not tell: timers end some milliseconds early.
const readTimeout = "Query read timeout";

type Resolve = (json: string | null) => void;
type Reject = (error: unknown) => void;

/** One attempt at a call, in a turn of its own. */
export class CallAttempt {
  readonly #lane: CallLane;
  readonly #call: FunctionCall;
  readonly #statement: Statement;
  readonly #resolve: Resolve;
  readonly #reject: Reject;

  private constructor(lane: CallLane, call: FunctionCall, resolve: Resolve, reject: Reject) {
    this.#lane = lane;
    this.#call = call;
    this.#statement = lane.statementOf(call);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Resolves with the JSON text of the value. */
  static run(lane: CallLane, call: FunctionCall): Promise<string | null> {
    return new Promise((resolve, reject) => {
      new CallAttempt(lane, call, resolve, reject).#enter();
    });
  }

  #enter(): void {
    const purpose = { schema: this.#call.schema, statement: this.#statement.text };
    const take = (connection: PooledConnection, turn: Turn) => {
      if (this.#call.isAbandoned?.()) this.#fail(overload(), turn);
      else this.#connect(connection, turn);
    };
    new Turn(this.#lane, purpose, take, this.#reject).enter();
  }

  #connect(connection: PooledConnection, turn: Turn): void {
    const { silence } = this.#lane;
    const { pool } = connection;
    pool.connect((failure, client) => {
      if (client && silence.isSuspect(client)) {
        client.release(true);
        this.#connect(connection, turn);
      } else if (client) this.#send(client, connection, turn);
      // Who waited while the pool was closed is refused like who comes to one that is full.
      else this.#fail(pool.ending ? overload() : failure, turn);
    });
  }

  #send(client: pg.PoolClient, connection: PooledConnection, turn: Turn): void {
    const { deadline, silence } = this.#lane;
    const sentAt = performance.now();
    const query = new FunctionQuery(this.#call, this.#statement, deadline, (error, json) => {
      const isHeard = error === null || error instanceof pg.DatabaseError;
      const isGivenUp = error?.message === readTimeout;
      if (isHeard) silence.hear(client);
      else if (isGivenUp) silence.giveUp(sentAt);
      const isWorn = connection.isWornBy(this.#statement.text);
      client.release(isWorn || (error !== null && isConnectionDoubtful(error)));
      if (error) this.#reject(error);
      else this.#resolve(json);
      turn.end(isGivenUp);
    });
    client.query(query);
  }

  #fail(failure: unknown, turn: Turn): void {
    this.#reject(failure);
    turn.end();
  }
}
