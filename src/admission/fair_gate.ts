import { FairQueue } from "./fair_queue.ts";

/** Who asks for a slot. */
export interface Entrant {
  /** Whose work it is: a project. */
  readonly party: string;
  /** Its slot is there, `spare` if it is one of the last; who holds it leaves the gate once. */
  start(spare: boolean): void;
  /** Nobody may wait any more, or others have waited for less. */
  refuse(): void;
}

export interface FairGateOptions {
  /** Entrants at work at once. */
  readonly slots: number;
  /** The last slots are for parties that hold none; 0 where one party may take all. */
  readonly spare: number;
  /** Entrants that may wait. */
  readonly waiting: number;
}

/**
 * Admits a bounded number of entrants at once, and lets a bounded number wait. Parties are served in turn,
 * and no party can take the last slots beside another that it holds: one whose work never ends stops itself
 * alone. Several of them can take all, until their work is given up once.
 */
export class FairGate<T extends Entrant> {
  readonly #slots: number;
  readonly #spare: number;
  /** Of the spare slots, those that none may take whose work was given up last. */
  readonly #sound: number;
  readonly #stuck = new Set<string>();
  readonly #queue: FairQueue<T>;
  readonly #held = new Map<string, number>();
  readonly #mayStart = (party: string) => this.#hasSlotFor(party);
  #running = 0;

  constructor({ slots, spare, waiting }: FairGateOptions) {
    this.#slots = slots;
    this.#spare = spare;
    // Few, or parties that are stuck could not show any more that they are not.
    this.#sound = Math.min(spare, Math.floor(slots / 5));
    this.#queue = new FairQueue(waiting);
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Whether {@link enter} would start another of this party or let it wait. */
  hasRoomFor(party: string): boolean {
    return this.#hasSlotFor(party) || this.#queue.hasRoomFor(party);
  }

  /** Starts the entrant, lets it wait, or refuses: this one, or the newest of who waits with more. */
  enter(entrant: T): void {
    // A slot that this party may take is one that nobody who waits may take: they were asked first.
    if (this.#hasSlotFor(entrant.party)) this.#start(entrant);
    else this.#queue.push(entrant)?.refuse();
  }

  /**
   * Gives a slot back, and starts who waits for it.
   *
   * @param isGivenUp the work has taken too long: as long as none of this party's has ended otherwise, it
   * gets none of the very last slots
   */
  leave(party: string, isGivenUp = false): void {
    if (isGivenUp) this.#stuck.add(party);
    else this.#stuck.delete(party);
    const held = this.#held.get(party) ?? 0;
    if (held > 1) this.#held.set(party, held - 1);
    else this.#held.delete(party);
    this.#running -= 1;
    while (this.#queue.size > 0) {
      const next = this.#queue.shift(this.#mayStart);
      if (next === undefined) return;
      this.#start(next);
    }
  }

  /** Takes back one that waits. */
  withdraw(entrant: T): void {
    this.#queue.remove(entrant);
  }

  #start(entrant: T): void {
    const spare = this.#slots - this.#running <= this.#spare;
    this.#running += 1;
    this.#held.set(entrant.party, (this.#held.get(entrant.party) ?? 0) + 1);
    entrant.start(spare);
  }

  #hasSlotFor(party: string): boolean {
    const free = this.#slots - this.#running;
    const kept = this.#stuck.has(party) ? this.#sound : 0;
    return free > this.#spare || (free > kept && !this.#held.has(party));
  }
}
