import { setTimeout as sleep } from "node:timers/promises";

/** How many of which fault were injected so far. */
export interface Injections<Fault extends string> {
  readonly counts: ReadonlyMap<Fault, number>;
  total(): number;
  /** Resolves when there were so many in all. */
  reach(total: number): Promise<void>;
}

export interface CountedInjections<Fault extends string> extends Injections<Fault> {
  add(fault: Fault): void;
}

export function countInjections<Fault extends string>(): CountedInjections<Fault> {
  const counts = new Map<Fault, number>();
  const total = () => [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    counts,
    total,
    add(fault) {
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
    },
    async reach(enough) {
      while (total() < enough) await sleep(20);
    },
  };
}
