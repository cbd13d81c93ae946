import { randomUUID } from "node:crypto";
import type { Entrant, FairGate } from "../admission/fair_gate.ts";
import { AuthError } from "../errors.ts";
import type { PooledConnection } from "./pooled_connection.ts";
import type { Guest, Seat } from "./seat.ts";
import type { Seats } from "./seats.ts";

/** What all turns of a database share. */
export interface TurnLane {
  /** Lets in as many as there are seats. */
  readonly gate: FairGate<Turn>;
  readonly seats: Seats<PooledConnection>;
  /** Milliseconds until one that waits is refused. */
  readonly patience: number;
}

/** Whose function is called, and how. */
export interface TurnPurpose {
  readonly schema: string;
  readonly statement: string;
}

type Take = (connection: PooledConnection, turn: Turn) => void;
type Refuse = (error: AuthError) => void;

/** A turn at a connection: it waits at the gate, takes a seat and gives both back. */
export class Turn implements Entrant, Guest<PooledConnection> {
  readonly party: string;
  readonly schema: string | undefined;
  readonly statement: string;
  readonly #lane: TurnLane;
  readonly #take: Take;
  readonly #refuse: Refuse;
  #hasStarted = false;
  #patience: NodeJS.Timeout | undefined;
  #seat: Seat<PooledConnection> | undefined;

  /** @param purpose undefined for a transaction, which belongs to no project and may take the last connection */
  constructor(lane: TurnLane, purpose: TurnPurpose | undefined, take: Take, refuse: Refuse) {
    this.#lane = lane;
    this.#take = take;
    this.#refuse = refuse;
    this.schema = purpose?.schema;
    this.statement = purpose?.statement ?? "";
    this.party = purpose?.schema ?? randomUUID();
  }

  enter(): void {
    const { gate, patience } = this.#lane;
    gate.enter(this);
    if (this.#hasStarted) return;
    this.#patience = setTimeout(() => {
      gate.withdraw(this);
      this.refuse();
    }, patience);
  }

  start(): void {
    this.#hasStarted = true;
    clearTimeout(this.#patience);
    this.#lane.seats.enter(this);
  }

  refuse(): void {
    this.#hasStarted = true;
    clearTimeout(this.#patience);
    this.#refuse(overload());
  }

  sit(seat: Seat<PooledConnection>): void {
    this.#seat = seat;
    this.#take(seat.connection, this);
  }

  /** @param isGivenUp what was done in it has taken too long */
  end(isGivenUp = false): void {
    this.#seat?.leave();
    this.#lane.gate.leave(this.party, isGivenUp);
  }
}

/** Too many wait, or for too long. */
export function overload(): AuthError {
  return new AuthError("service_unavailable", { retryAfter: 1 });
}
