import { describe, expect, it } from "vitest";
import { FairGate, type FairGateOptions } from "../../src/admission/fair_gate.ts";

/** A gate, and what it did with whom, in order. */
function watchedGate(options: FairGateOptions) {
  const gate = new FairGate(options);
  const log: string[] = [];
  const enter = (...names: string[]) => {
    for (const name of names) {
      gate.enter({
        party: name.slice(0, 1),
        start: () => log.push(name),
        refuse: () => log.push(`no ${name}`),
      });
    }
  };
  return { gate, enter, read: () => log.splice(0).join(" ") };
}

describe("a gate", () => {
  it("starts as many as it has slots, and the others in turn as slots come back", () => {
    const { gate, enter, read } = watchedGate({ slots: 2, spare: 0, waiting: 10 });
    enter("a1", "a2", "a3", "a4", "b1");
    expect(read()).toBe("a1 a2");
    expect([gate.running, gate.waiting]).toEqual([2, 3]);
    gate.leave("a");
    gate.leave("a");
    expect(read()).toBe("a3 b1");
    gate.leave("a");
    gate.leave("b");
    gate.leave("a");
    expect(read()).toBe("a4");
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });

  it("keeps the last slots from whoever holds one, so that another always finds one (case 128)", () => {
    const { gate, enter, read } = watchedGate({ slots: 4, spare: 2, waiting: 10 });
    enter("a1", "a2", "a3", "b1", "b2", "c1", "d1");
    expect(read()).toBe("a1 a2 b1 c1");
    gate.leave("b");
    expect(read()).toBe("b2");
    gate.leave("a");
    expect(read()).toBe("d1");
    gate.leave("b");
    gate.leave("c");
    expect(read()).toBe("");
    gate.leave("d");
    expect(read()).toBe("a3");
  });

  it("tells who was given one of the last slots", () => {
    const gate = new FairGate({ slots: 3, spare: 1, waiting: 10 });
    const spare: boolean[] = [];
    const enter = (party: string) =>
      gate.enter({ party, start: (last) => spare.push(last), refuse: () => {} });
    for (const party of ["a", "a", "a", "b"]) enter(party);
    expect(spare).toEqual([false, false, true]);
    gate.leave("a");
    expect(spare).toEqual([false, false, true]);
    gate.leave("b");
    expect(spare).toEqual([false, false, true, false]);
  });

  it("keeps the very last slots from parties whose work was given up, until some of theirs ends", () => {
    const { gate, enter, read } = watchedGate({ slots: 5, spare: 2, waiting: 20 });
    enter("a1", "a2", "a3", "b1", "c1", "d1");
    expect(read()).toBe("a1 a2 a3 b1 c1");
    gate.leave("b", true);
    expect(read()).toBe("d1");
    enter("b2");
    gate.leave("c", true);
    enter("c2");
    gate.leave("d");
    // One is free, and another that comes finds it.
    expect(read()).toBe("b2");
    enter("e1");
    expect(read()).toBe("e1");
    gate.leave("e");
    expect(read()).toBe("");
    gate.leave("b");
    enter("b3");
    expect(read()).toBe("c2 b3");
  });

  it("refuses the newest of who waits with most, and a party that stopped itself alone", () => {
    const { gate, enter, read } = watchedGate({ slots: 2, spare: 1, waiting: 3 });
    enter("a1", "a2", "a3", "a4", "a5", "a6");
    expect(read()).toBe("a1 no a5 no a6");
    for (let time = 1; time <= 50; time += 1) {
      enter(`b${time}`);
      expect(read()).toBe(`b${time}`);
      gate.leave("b");
    }
    enter("b51", "b52", "c1");
    expect(read()).toBe("b51 no a4 no a3");
  });

  it("goes on to the next when one that waits is taken back", () => {
    const { gate, enter, read } = watchedGate({ slots: 1, spare: 0, waiting: 3 });
    const gone = { party: "b", start: () => {}, refuse: () => {} };
    enter("a1");
    gate.enter(gone);
    enter("b2");
    gate.withdraw(gone);
    gate.leave("a");
    expect(read()).toBe("a1 b2");
  });
});
