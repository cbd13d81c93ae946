import { expect, it } from "vitest";
import { collectFigures, scaled } from "./figures.ts";
import { rollRestarts } from "./rolling_restarts.ts";

const restarts = scaled(100);
const figures = collectFigures("Graceful restarts of two nodes under load");

it("no request fails while servers are restarted again and again (case 194)", async () => {
  const { requests, failures, exitCodes } = await rollRestarts(restarts);
  const badExits = exitCodes.filter((code) => code !== 0);
  figures.add("requests that failed", requests, failures.length);
  figures.add("exit codes but 0", restarts, badExits.length);
  expect([failures.slice(0, 5), badExits]).toEqual([[], []]);
});
