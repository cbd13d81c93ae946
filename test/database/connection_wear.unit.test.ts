import { describe, expect, it } from "vitest";
import { ConnectionWear } from "../../src/database/connection_wear.ts";

describe("a connection's wear", () => {
  it("is what it has called, each function once, and ends it at three quarters of the bound at the earliest", () => {
    for (let time = 0; time < 50; time += 1) {
      const wear = new ConnectionWear(20);
      let calls = 1;
      while (!wear.isWornBy(`f${calls}`)) {
        expect(wear.isWornBy("f1")).toBe(false);
        calls += 1;
      }
      expect(wear.size).toBe(calls);
      expect(calls).toBeGreaterThanOrEqual(15);
      expect(calls).toBeLessThanOrEqual(20);
      expect([wear.has("f1"), wear.has("f21")]).toEqual([true, false]);
    }
  });

  it("ends none without a bound", () => {
    const wear = new ConnectionWear(0);
    for (let call = 0; call < 1_000; call += 1) expect(wear.isWornBy(`f${call}`)).toBe(false);
    expect(wear.size).toBe(1_000);
  });
});
