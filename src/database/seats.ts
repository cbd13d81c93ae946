import { ownNameSuffix } from "./own_names.ts";
import { type Guest, Seat, type SeatedConnection } from "./seat.ts";

/**
 * Which connection a call takes. A backend reads and plans each function at its first call there, which costs
 * ten times the call. So each project has a home among the seats: what it calls is known there, and nowhere
 * else unless it had to go elsewhere.
 */
export class Seats<C extends SeatedConnection> {
  readonly #seats: readonly Seat<C>[];

  constructor(connections: readonly C[]) {
    const giveUp = (guest: Guest<C>) => this.#seatElsewhere(guest);
    this.#seats = connections.map((connection) => new Seat(connection, giveUp));
  }

  /** How many wait for a seat of their own although there are others. */
  get waiting(): number {
    return this.#seats.reduce((sum, seat) => sum + seat.waiting, 0);
  }

  /** Seats a guest, now or soon. There may be as many guests as seats, whether they sit or wait. */
  enter(guest: Guest<C>): void {
    const home = this.#homeOf(guest);
    const ready = home?.isReadyFor(guest.statement) ? home : this.#readyFor(guest);
    if (ready) ready.sit(guest);
    else if (home?.isFree) home.sit(guest);
    else if (home?.isWorthWaitingFor(guest)) home.wait(guest);
    else this.#seatElsewhere(guest);
  }

  // The digits that end the names of a schema's functions are as good a hash as any.
  #homeOf({ schema }: Guest<C>): Seat<C> | undefined {
    const digits = schema === undefined ? "" : ownNameSuffix(schema).slice(1);
    return digits === ""
      ? undefined
      : this.#seats[Number.parseInt(digits, 16) % this.#seats.length];
  }

  #readyFor({ statement }: Guest<C>): Seat<C> | undefined {
    return this.#seats.find((seat) => seat.isReadyFor(statement));
  }

  #seatElsewhere(guest: Guest<C>): void {
    const seat = this.#readyFor(guest) ?? this.#leastWorn();
    if (seat === undefined) throw new Error("more guests than seats");
    seat.sit(guest);
  }

  /** Rather a connection that is open than one that must be made, and one with room for more functions. */
  #leastWorn(): Seat<C> | undefined {
    const free = this.#seats.filter((seat) => seat.isFree);
    const [first = free[0], ...others] = free.filter((seat) => seat.connection.isOpen);
    return others.reduce(
      (least, seat) => (least && least.connection.wear <= seat.connection.wear ? least : seat),
      first,
    );
  }
}
