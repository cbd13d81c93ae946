import type { Guest, Seat, SeatedConnection } from "../../src/database/seat.ts";
import { Seats } from "../../src/database/seats.ts";

/** A connection that opens when it is used. */
export class StubConnection implements SeatedConnection {
  readonly number: number;
  readonly statements = new Set<string>();
  isOpen = false;

  constructor(number: number) {
    this.number = number;
  }

  get wear(): number {
    return this.statements.size;
  }

  knows(statement: string): boolean {
    return this.isOpen && this.statements.has(statement);
  }

  call(statement: string): void {
    this.isOpen = true;
    this.statements.add(statement);
  }

  end(): void {
    this.isOpen = false;
    this.statements.clear();
  }
}

/** One who came: where it sits, as soon as it does. */
export class StubGuest implements Guest<StubConnection> {
  readonly schema: string | undefined;
  readonly statement: string;
  #seat: Seat<StubConnection> | undefined;

  constructor(schema: string | undefined, statement: string) {
    this.schema = schema;
    this.statement = statement;
  }

  get connection(): StubConnection | undefined {
    return this.#seat?.connection;
  }

  sit(seat: Seat<StubConnection>): void {
    this.#seat = seat;
    seat.connection.call(this.statement);
  }

  leave(): void {
    this.#seat?.leave();
  }
}

/** Seats without anybody, and how to come to them. */
export function openSeats(count: number) {
  const connections = Array.from({ length: count }, (_, number) => new StubConnection(number));
  const seats = new Seats(connections);
  const come = (schema?: string, statement = `${schema}.refresh`) => {
    const guest = new StubGuest(schema, statement);
    seats.enter(guest);
    return guest;
  };
  /** Calls once, while nobody else does; returns the connection. */
  const visit = (schema?: string, statement?: string) => {
    const guest = come(schema, statement);
    guest.leave();
    return guest.connection;
  };
  return { connections, seats, come, visit };
}

/** As many projects that have one home among as many seats. */
export function projectsOfOneHome(projects: number, count: number): string[] {
  const homes = new Map<number, string[]>();
  for (let index = 0; ; index += 1) {
    const home = openSeats(count).visit(`proj_${index}`)?.number ?? 0;
    const found = [...(homes.get(home) ?? []), `proj_${index}`];
    if (found.length === projects) return found;
    homes.set(home, found);
  }
}
