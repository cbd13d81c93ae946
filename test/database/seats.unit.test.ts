import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FairGate } from "../../src/admission/fair_gate.ts";
import type { Seats } from "../../src/database/seats.ts";
import { openSeats, projectsOfOneHome, StubConnection, StubGuest } from "./stub_seats.ts";

/** Milliseconds after which a call is not waited for, and one that is a connection's first of a function. */
const soon = 50;
const soonAtFirst = 250;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a project's calls", () => {
  it("take one and the same connection, and projects are spread over all", () => {
    const { connections, visit } = openSeats(4);
    const projects = Array.from({ length: 40 }, (_, index) => `proj_${index}`);
    const homes = projects.map((project) => visit(project));
    expect(new Set(homes).size).toBe(connections.length);
    for (let time = 0; time < 3; time += 1) {
      expect(projects.map((project) => visit(project, `${project}.get_user`))).toEqual(homes);
    }
  });

  it("wait for it in turn while another project's call is there, though others are free", () => {
    const { seats, come, visit } = openSeats(4);
    const [first = "", second = "", third = ""] = projectsOfOneHome(3, 4);
    const home = visit(first);
    const guest = come(second);
    const waiting = [come(first), come(third)];
    expect(waiting.map(({ connection }) => connection)).toEqual([undefined, undefined]);
    expect(seats.waiting).toBe(2);
    guest.leave();
    expect(waiting.map(({ connection }) => connection)).toEqual([home, undefined]);
    waiting[0]?.leave();
    expect(waiting[1]?.connection).toBe(home);
    vi.advanceTimersByTime(10 * soonAtFirst);
    expect(seats.waiting).toBe(0);
  });

  it("wait no longer once the call that is there takes long, and not at all for one that does", () => {
    const { come, visit } = openSeats(4);
    const [slow = "", other = "", late = ""] = projectsOfOneHome(3, 4);
    const home = visit(slow);
    const stuck = come(slow);
    vi.advanceTimersByTime(soon - 1);
    const waiting = come(other);
    expect(waiting.connection).toBe(undefined);
    vi.advanceTimersByTime(1);
    expect(waiting.connection).toBeInstanceOf(StubConnection);
    const second = come(late);
    expect(second.connection).toBeInstanceOf(StubConnection);
    expect(new Set([home, waiting.connection, second.connection]).size).toBe(3);
    // The long call ends, and its seat is worth waiting for again.
    stuck.leave();
    expect(come(slow).connection).toBe(home);
    expect(come(other, `${other}.login`).connection).toBe(undefined);
  });

  it("are counted anew for each that sits down: who waits for quick ones goes on waiting", () => {
    const { come, visit } = openSeats(4);
    const projects = projectsOfOneHome(4, 4);
    for (const project of projects) visit(project);
    const [sitting, ...waiting] = projects.map((project) => come(project));
    let present = sitting;
    for (const next of waiting) {
      vi.advanceTimersByTime(soon - 1);
      expect(next.connection).toBe(undefined);
      present?.leave();
      expect(next.connection).toBe(sitting?.connection);
      present = next;
    }
  });

  it("wait longer for a call that is the first of its function, as theirs would be elsewhere", () => {
    const { come } = openSeats(4);
    const [first = "", second = ""] = projectsOfOneHome(2, 4);
    come(first);
    const waiting = come(second);
    vi.advanceTimersByTime(soonAtFirst - 1);
    expect(waiting.connection).toBe(undefined);
    vi.advanceTimersByTime(1);
    expect(waiting.connection).toBeInstanceOf(StubConnection);
  });

  it("stay where one of their own is, but one in sixteen: who is much in demand comes to be known elsewhere", () => {
    const { connections, come, visit } = openSeats(3);
    const home = visit("proj_a");
    const meet = () => {
      const [there, next] = [come("proj_a"), come("proj_a")];
      const isWaiting = next.connection === undefined;
      const elsewhere = next.connection;
      there.leave();
      next.leave();
      return isWaiting ? "waits" : elsewhere;
    };
    const meetings = Array.from({ length: 15 }, meet);
    expect(new Set(meetings)).toEqual(new Set(["waits"]));
    const second = meet();
    expect(connections).toContain(second);
    expect(second).not.toBe(home);
    // It is known there by now, so nobody waits.
    for (let time = 0; time < 20; time += 1) expect(meet()).toBe(second);
  });

  it("take another connection that knows them when their own is a new one", () => {
    const { connections, come, visit } = openSeats(3);
    const [slow = "", moved = ""] = projectsOfOneHome(2, 3);
    const stuck = come(slow);
    vi.advanceTimersByTime(soonAtFirst);
    const elsewhere = visit(moved);
    stuck.leave();
    expect(elsewhere).not.toBe(stuck.connection);
    expect(visit(moved)).toBe(elsewhere);
    elsewhere?.end();
    expect(visit(moved)).toBe(stuck.connection);
    for (const connection of connections) connection.end();
    expect(visit(moved)).toBe(stuck.connection);
  });
});

describe("a call that has no connection of its own", () => {
  it("takes one that knows it, or one that is open, and opens another only if it must", () => {
    const { connections, come, visit } = openSeats(3);
    const home = visit("proj_a");
    expect(visit("miosa_auth", "registered")).toBe(home);
    const [project, shared] = [come("proj_a"), come("miosa_auth", "registered")];
    expect(connections.filter(({ isOpen }) => isOpen)).toHaveLength(2);
    project.leave();
    expect(come(undefined, "").connection).toBe(home);
    shared.leave();
    expect(connections.filter(({ isOpen }) => isOpen)).toHaveLength(2);
  });

  it("takes the one that has called the fewest functions", () => {
    const { connections, visit } = openSeats(3);
    for (const [index, connection] of connections.entries()) {
      for (let time = 0; time < 3 - (index % 2) * 2; time += 1)
        connection.call(`f${index}_${time}`);
    }
    expect(visit(undefined, "")).toBe(connections[1]);
  });
});

/** A call as the gate and the seats see it. */
class Visitor extends StubGuest {
  readonly party: string;
  readonly #seats: Seats<StubConnection>;
  isDone = false;

  constructor(seats: Seats<StubConnection>, schema: string) {
    super(schema, `${schema}.refresh`);
    this.party = schema;
    this.#seats = seats;
  }

  start(): void {
    this.#seats.enter(this);
  }

  refuse(): void {
    throw new Error("all may wait");
  }
}

describe("whoever the gate lets in", () => {
  it("gets a seat for itself in the end, however calls come, last and go", () => {
    const step = fc.oneof(
      fc.record({ come: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ leave: fc.nat() }),
      fc.record({ pass: fc.integer({ min: 1, max: soonAtFirst }) }),
    );
    const property = fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { seats } = openSeats(4);
      const gate = new FairGate<Visitor>({ slots: 4, spare: 1, waiting: 1_000 });
      const visitors: Visitor[] = [];
      const seated = () => visitors.filter(({ connection, isDone }) => connection && !isDone);
      const leave = (visitor: Visitor | undefined) => {
        if (!visitor) return;
        visitor.isDone = true;
        visitor.leave();
        gate.leave(visitor.party);
      };
      for (const next of steps) {
        if ("pass" in next) vi.advanceTimersByTime(next.pass);
        else if ("leave" in next) leave(seated()[next.leave % Math.max(1, seated().length)]);
        else {
          const visitor = new Visitor(seats, `proj_${next.come}`);
          visitors.push(visitor);
          gate.enter(visitor);
        }
        const taken = seated().map(({ connection }) => connection);
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.length + seats.waiting).toBe(gate.running);
      }
      while (seated().length > 0) leave(seated()[0]);
      expect(visitors.every(({ isDone }) => isDone)).toBe(true);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
