import { expect, it } from "vitest";
import { mailThrough } from "./mail_crashes.ts";
import { countOutcomes } from "./rotation.ts";
import { wireFaults } from "./wire_proxy.ts";

// A process is silent towards a black hole for ten seconds.
const quickFaults = wireFaults.filter((fault) => fault !== "black hole");

it("every acknowledged request for a mail brings it, and a copy only where a process died, through a kill and a crash of Postgres (invariant I7)", async () => {
  const { operations, copies, cuts, violations, dead } = await mailThrough(2, quickFaults);
  expect([violations, dead]).toEqual([[], []]);
  expect(countOutcomes(operations, "mail").ok).toBeGreaterThan(20);
  // Else nobody died while a mail was on its way, or no link broke.
  expect(copies).toBeGreaterThan(0);
  expect([...cuts.values()].length).toBeGreaterThan(0);
}, 90_000);
