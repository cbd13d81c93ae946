import pg from "pg";
import type { Entrant, FairGate } from "../admission/fair_gate.ts";
import { AuthError } from "../errors.ts";
import { isConnectionDoubtful } from "./connection_doubt.ts";
import type { ConnectionSilence } from "./connection_silence.ts";
import type { ConnectionWear } from "./connection_wear.ts";
import type { FunctionCall } from "./database.ts";
import { FunctionQuery, type Statement } from "./function_query.ts";

/** What all calls of a database share. */
export interface CallLane {
  readonly pool: pg.Pool;
  readonly gate: FairGate<CallAttempt>;
  readonly silence: ConnectionSilence;
  readonly wear: ConnectionWear;
  /** Milliseconds until a call that runs is given up. */
  readonly deadline: number;
  /** Milliseconds until a call that waits is refused. */
  readonly patience: number;
  readonly statementOf: (call: FunctionCall) => Statement;
}

// How pg's client says that the deadline is over. A clock does not tell: timers end some milliseconds early.
const readTimeout = "Query read timeout";

type Resolve = (json: string | null) => void;
type Reject = (error: unknown) => void;

/** One attempt at a call: it waits for its project's turn, takes a connection and gives both back. */
export class CallAttempt implements Entrant {
  readonly #lane: CallLane;
  readonly #call: FunctionCall;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  #hasStarted = false;
  #patience: NodeJS.Timeout | undefined;

  private constructor(lane: CallLane, call: FunctionCall, resolve: Resolve, reject: Reject) {
    this.#lane = lane;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Resolves with the JSON text of the value. */
  static run(lane: CallLane, call: FunctionCall): Promise<string | null> {
    return new Promise((resolve, reject) => {
      new CallAttempt(lane, call, resolve, reject).#enter();
    });
  }

  get party(): string {
    return this.#call.schema;
  }

  start(): void {
    this.#hasStarted = true;
    clearTimeout(this.#patience);
    if (this.#call.isAbandoned?.()) this.#fail(overload());
    else this.#connect();
  }

  refuse(): void {
    this.#hasStarted = true;
    clearTimeout(this.#patience);
    this.#reject(overload());
  }

  #connect(): void {
    const { pool, silence } = this.#lane;
    pool.connect((failure, client) => {
      if (client && silence.isSuspect(client)) {
        client.release(true);
        this.#connect();
      } else if (client) this.#send(client);
      // Who waited while the pool was closed is refused like who comes to one that is full.
      else this.#fail(pool.ending ? overload() : failure);
    });
  }

  #enter(): void {
    const { gate, patience } = this.#lane;
    gate.enter(this);
    if (this.#hasStarted) return;
    this.#patience = setTimeout(() => {
      gate.withdraw(this);
      this.refuse();
    }, patience);
  }

  #send(client: pg.PoolClient): void {
    const { deadline, statementOf, silence, wear, gate } = this.#lane;
    const { schema } = this.#call;
    const statement = statementOf(this.#call);
    const sentAt = performance.now();
    const query = new FunctionQuery(this.#call, statement, deadline, (error, json) => {
      const isHeard = error === null || error instanceof pg.DatabaseError;
      const isGivenUp = error?.message === readTimeout;
      if (isHeard) silence.hear(client);
      else if (isGivenUp) silence.giveUp(sentAt);
      const isWorn = wear.isWornBy(client, statement.text);
      client.release(isWorn || (error !== null && isConnectionDoubtful(error)));
      if (error) this.#reject(error);
      else this.#resolve(json);
      gate.leave(schema, isGivenUp);
    });
    client.query(query);
  }

  #fail(failure: unknown): void {
    this.#reject(failure);
    this.#lane.gate.leave(this.#call.schema);
  }
}

function overload(): AuthError {
  return new AuthError("service_unavailable", { retryAfter: 1 });
}
