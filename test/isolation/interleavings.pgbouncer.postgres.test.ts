import { expect, it } from "vitest";
import { interleave } from "./interleavings.ts";

it("one connection behind PgBouncer carries nothing from one of 300 requests to the next, in whatever order and however they end (case 123)", async () => {
  const { counts, wrong, traces, backends } = await interleave(300);
  expect([wrong, traces]).toEqual([[], []]);
  expect(backends).toBe(1);
  expect(Math.min(...counts.values())).toBeGreaterThan(10);
  expect(counts.size).toBe(6);
});
