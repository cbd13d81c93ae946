/** A connection as a seat holds it: open or not. */
export interface SeatedConnection {
  /** Whether it is open; asked while nobody uses it. */
  readonly isOpen: boolean;
  /** How many functions it has called. */
  readonly wear: number;
  /** Whether it is open and has called this statement before. */
  knows(statement: string): boolean;
}

/** Who wants a connection for a while. */
export interface Guest<C extends SeatedConnection> {
  /** The schema whose function is called; undefined: none. */
  readonly schema: string | undefined;
  readonly statement: string;
  /** The seat is this guest's until {@link Seat.leave}. */
  sit(seat: Seat<C>): void;
}

/** Milliseconds after which a call is taken for one that does not end soon. */
const soon = 50;
/** The same for a connection's first call of a function: whoever does not wait would make another. */
const soonAtFirst = 250;
/** One in so many that meet a call of their own schema does not wait for it. */
const meetings = 16;

/** A place for one connection and one guest at a time, and the line of those that wait for it. */
export class Seat<C extends SeatedConnection> {
  readonly connection: C;
  #guest: Guest<C> | undefined;
  /** When the guest is not waited for any more, of `performance.now()`. */
  #lateAt = 0;
  readonly #line: Guest<C>[] = [];
  readonly #giveUp: (guest: Guest<C>) => void;
  #timer: NodeJS.Timeout | undefined;
  #meetings = 0;

  /** @param giveUp takes back those that wait for a call that takes too long */
  constructor(connection: C, giveUp: (guest: Guest<C>) => void) {
    this.connection = connection;
    this.#giveUp = giveUp;
  }

  get isFree(): boolean {
    return this.#guest === undefined;
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Whether it is free and its connection has called the statement before. */
  isReadyFor(statement: string): boolean {
    return this.isFree && this.connection.knows(statement);
  }

  /** Whether it is likely to be free sooner than another connection would be done. */
  isWorthWaitingFor(guest: Guest<C>): boolean {
    if (performance.now() >= this.#lateAt) return false;
    if (this.#guest?.schema !== guest.schema) return true;
    // A schema that often meets itself comes to be known elsewhere, one by one, and then waits no more.
    this.#meetings = (this.#meetings + 1) % meetings;
    return this.#meetings > 0;
  }

  sit(guest: Guest<C>): void {
    const isFirst = guest.schema !== undefined && !this.connection.knows(guest.statement);
    this.#guest = guest;
    this.#lateAt = performance.now() + (isFirst ? soonAtFirst : soon);
    this.#watch();
    guest.sit(this);
  }

  /** Lets one wait until it can sit, or is given up. */
  wait(guest: Guest<C>): void {
    this.#line.push(guest);
    if (this.#timer === undefined) this.#watch();
  }

  /** The guest is done, and the next in the line sits down. */
  leave(): void {
    this.#guest = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const next = this.#line.shift();
    if (next) this.sit(next);
  }

  #watch(): void {
    if (this.#line.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const guest of this.#line.splice(0)) this.#giveUp(guest);
    }, this.#lateAt - performance.now());
  }
}
