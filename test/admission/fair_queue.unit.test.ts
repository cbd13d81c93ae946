import { expect, it } from "vitest";
import { FairQueue } from "../../src/admission/fair_queue.ts";

const all = (_party: string) => true;

function item(name: string) {
  return { party: name.slice(0, 1), name };
}

function queueOf(names: string, capacity = 100) {
  const queue = new FairQueue<ReturnType<typeof item>>(capacity);
  const dropped = names.split(" ").flatMap((name) => queue.push(item(name))?.name ?? []);
  return { queue, dropped };
}

function served(queue: FairQueue<ReturnType<typeof item>>, mayServe = all): string {
  const names: string[] = [];
  for (let next = queue.shift(mayServe); next; next = queue.shift(mayServe)) names.push(next.name);
  return names.join(" ");
}

it("serves parties in turn, and each in its own order", () => {
  const { queue } = queueOf("a1 a2 a3 a4 b1 b2 c1");
  expect(served(queue)).toBe("a1 b1 c1 a2 b2 a3 a4");
  expect(queue.size).toBe(0);
});

it("serves who comes new before those that wait with more", () => {
  const { queue } = queueOf("a1 a2 a3");
  expect(queue.shift(all)?.name).toBe("a1");
  queue.push(item("b1"));
  expect(served(queue)).toBe("b1 a2 a3");
});

it("lets nobody pass by coming one at a time", () => {
  const { queue } = queueOf("a1 a2 a3");
  const order: string[] = [];
  for (let round = 1; round <= 3; round += 1) {
    queue.push(item(`b${round}`));
    queue.push(item(`c${round}`));
    for (let time = 0; time < 3; time += 1) order.push(queue.shift(all)?.name ?? "");
  }
  expect(order.filter((name) => name.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
});

it("drops the newest of the party that has most, and a newcomer only where it has as many", () => {
  expect(queueOf("a1 a2 a3 b1", 3).dropped).toEqual(["a3"]);
  expect(queueOf("a1 a2 a3 a4", 3).dropped).toEqual(["a4"]);
  expect(queueOf("a1 b1 c1", 2).dropped).toEqual(["c1"]);
  const { queue, dropped } = queueOf("a1 a2 a3 a4 b1 b2 b3", 4);
  expect(dropped).toEqual(["a4", "a3", "b3"]);
  expect(served(queue)).toBe("a1 b1 a2 b2");
});

it("holds nobody where nobody may wait", () => {
  expect(queueOf("a1 b1", 0).dropped).toEqual(["a1", "b1"]);
});

it("passes over a party that may not be served, without taking its turn away", () => {
  const { queue } = queueOf("a1 a2 b1 b2");
  expect(served(queue, (party) => party !== "a")).toBe("b1 b2");
  expect(served(queue)).toBe("a1 a2");
});

it("forgets who is taken back", () => {
  const { queue } = queueOf("a1");
  const later = item("a2");
  queue.push(later);
  queue.remove(later);
  queue.remove(later);
  queue.remove(item("z1"));
  expect(queue.size).toBe(1);
  expect(served(queue)).toBe("a1");
});

it("has room for those alone that it would keep", () => {
  expect(queueOf("a1 a2", 3).queue.hasRoomFor("a")).toBe(true);
  for (const names of ["a1 a2 a3", "a1 a2 b1", "a1 b1 c1"]) {
    for (const party of "abcd") {
      const { queue, dropped } = queueOf(`${names} ${party}9`, 3);
      expect(dropped).toHaveLength(1);
      const kept = !dropped.includes(`${party}9`);
      expect(queueOf(names, 3).queue.hasRoomFor(party), `${party} beside ${names}`).toBe(kept);
      expect(queue.size).toBe(3);
    }
  }
});
