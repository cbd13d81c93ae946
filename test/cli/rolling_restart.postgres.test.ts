import { expect, it } from "vitest";
import { rollRestarts } from "../faults/rolling_restarts.ts";

it("two servers behind a load balancer are restarted one after the other, and no request fails (case 194)", async () => {
  const { failures, exitCodes } = await rollRestarts(2);
  expect(failures).toEqual([]);
  expect(exitCodes).toEqual([0, 0]);
}, 90_000);
