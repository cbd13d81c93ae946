import { expect, it } from "vitest";
import { mailThrough } from "./mail_crashes.ts";
import { countOutcomes } from "./rotation.ts";

it("every acknowledged request for a mail brings it, and a copy only where a process died, through 2 kills and a crash of Postgres (invariant I7)", async () => {
  const { operations, copies, cuts, violations, dead } = await mailThrough(3);
  expect([violations, dead]).toEqual([[], []]);
  expect(countOutcomes(operations, "mail").ok).toBeGreaterThan(20);
  // Else nobody died while a mail was on its way, or no link broke.
  expect(copies).toBeGreaterThan(0);
  expect([...cuts.values()].length).toBeGreaterThan(0);
}, 90_000);
