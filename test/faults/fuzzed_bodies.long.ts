import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { bodies, damaged, type Fuzzed, openFuzzed } from "../support/fuzzing.ts";
import { collectFigures, scaled } from "./figures.ts";

const figures = collectFigures("Bodies that nobody should send");

let fuzzed: Fuzzed;
beforeAll(async () => {
  fuzzed = await openFuzzed();
});

it("have a clean answer on every route, 100,000 of them (case 152)", async () => {
  const numRuns = scaled(100_000);
  const times: number[] = [];
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...fuzzed.targets),
      fc.oneof(bodies, damaged),
      async (target, body) => {
        const begun = performance.now();
        const status = await fuzzed.send(target, body);
        times.push(performance.now() - begun);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      },
    ),
    { numRuns },
  );
  times.sort((a, b) => a - b);
  const within = (share: number) =>
    `${(times[Math.floor(times.length * share)] ?? 0).toFixed(1)} ms`;
  for (const [status, count] of [...statuses].sort())
    figures.add(`answered ${status}`, numRuns, count);
  figures.add("99 of 100 within", numRuns, within(0.99));
  figures.add("9,999 of 10,000 within", numRuns, within(0.9999));
  const { project, token } = fuzzed;
  expect((await project.request("/user", { token })).status).toBe(200);
});
