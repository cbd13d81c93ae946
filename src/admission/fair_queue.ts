interface Item {
  readonly party: string;
}

/**
 * A bounded queue that serves its parties in turn. Who comes new is served before those that wait with more,
 * and then stands in line behind them until its turn has passed, so that coming anew is no way to pass.
 */
export class FairQueue<T extends Item> {
  readonly #capacity: number;
  /** Parties that were not served since they came. */
  readonly #fresh = new Map<string, T[]>();
  /** The others in the order of their turns; one with nothing is forgotten at its turn. */
  readonly #served = new Map<string, T[]>();
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether {@link push} would keep another item of this party. */
  hasRoomFor(party: string): boolean {
    if (this.#size < this.#capacity) return true;
    const length = (this.#itemsOf(party)?.length ?? 0) + 1;
    return this.#longest(length) !== undefined;
  }

  /** Returns who has no room: the newest of the party with the most, which may be this one. */
  push(item: T): T | undefined {
    const items = this.#itemsOf(item.party);
    if (items) items.push(item);
    else this.#fresh.set(item.party, [item]);
    this.#size += 1;
    return this.#size > this.#capacity ? this.#dropFromLongest(item.party) : undefined;
  }

  /** Takes the next of the parties that may be served. */
  shift(mayServe: (party: string) => boolean): T | undefined {
    const item = this.#shiftFrom(this.#fresh, mayServe) ?? this.#shiftFrom(this.#served, mayServe);
    // Nobody waits whom one of these could pass.
    if (this.#size === 0) this.#served.clear();
    return item;
  }

  remove(item: T): void {
    const items = this.#itemsOf(item.party);
    const index = items?.indexOf(item) ?? -1;
    if (!items || index === -1) return;
    items.splice(index, 1);
    this.#size -= 1;
    if (items.length === 0) this.#fresh.delete(item.party);
  }

  #shiftFrom(parties: Map<string, T[]>, mayServe: (party: string) => boolean): T | undefined {
    for (const [party, items] of parties) {
      if (items.length > 0 && !mayServe(party)) continue;
      parties.delete(party);
      const item = items.shift();
      if (item === undefined) continue;
      this.#size -= 1;
      this.#served.set(party, items);
      return item;
    }
    return undefined;
  }

  #dropFromLongest(newcomer: string): T | undefined {
    const own = this.#itemsOf(newcomer) ?? [];
    const longest = this.#longest(own.length) ?? own;
    const dropped = longest.pop();
    this.#size -= 1;
    if (dropped && longest.length === 0) this.#fresh.delete(dropped.party);
    return dropped;
  }

  /** What waits of the party with the most, if that is more than `length`. */
  #longest(length: number): T[] | undefined {
    let longest: T[] | undefined;
    for (const parties of [this.#fresh, this.#served]) {
      for (const items of parties.values())
        if (items.length > (longest?.length ?? length)) longest = items;
    }
    return longest;
  }

  #itemsOf(party: string): T[] | undefined {
    return this.#fresh.get(party) ?? this.#served.get(party);
  }
}
