import { expect, it } from "vitest";
import { interleave } from "../isolation/interleavings.ts";
import { collectFigures, scaled } from "./figures.ts";

const figures = collectFigures("Two projects over one connection behind PgBouncer");

it("nothing of one request is seen after it, in 10,000 random interleavings (case 123)", async () => {
  const { counts, wrong, traces, backends } = await interleave(scaled(10_000));
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (const [kind, count] of counts) figures.add(kind, total, count);
  figures.add("server connections", total, backends);
  figures.add("answers that were not their asker's", total, wrong.length);
  figures.add("traces in the connection", total, traces.length);
  expect([wrong, traces]).toEqual([[], []]);
});
