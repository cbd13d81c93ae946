import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import { firstRows, rowsAfter } from "../../src/database/batch_rows.ts";
import type { Database, FunctionCall } from "../../src/database/database.ts";
import { startPruning } from "../../src/maintenance/pruning.ts";

const most = 100;
const after = (rows: number, milliseconds: number, forgotten = rows) =>
  rowsAfter({ rows, forgotten, milliseconds }, most);

describe("the rows of a transaction that prunes (case 199)", () => {
  it("are fewer after one that took long, in proportion, and never none", () => {
    expect(after(100, 123)).toBe(32);
    expect(after(32, 41)).toBe(31);
    expect(after(25, 10_000)).toBe(1);
    expect(after(1, 10_000)).toBe(1);
  });

  it("are at most twice as many after one that was short, and never more than asked for", () => {
    expect(after(25, 1)).toBe(50);
    expect(after(25, 0)).toBe(50);
    expect(after(25, 30)).toBe(33);
    expect(after(80, 1)).toBe(most);
    expect(rowsAfter({ rows: 1, forgotten: 1, milliseconds: 1 }, 1)).toBe(1);
  });

  it("are no more after one that found few: it does not show what more would cost", () => {
    expect(after(25, 1, 0)).toBe(25);
    expect(after(25, 1, 24)).toBe(25);
    expect(after(25, 100, 0)).toBe(10);
  });
});

describe("a server that prunes a project full of what is over (case 199)", () => {
  afterEach(() => vi.restoreAllMocks());

  it("begins small in each, and goes on by what each transaction took", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const took = [4, 4, 100, 4, 4];
    const asked: (readonly [string, number])[] = [];
    const projects = ["proj_full", null, null, null, "proj_next"];
    const database = {
      call: async ({ schema, name, args: [rows] }: FunctionCall) => {
        if (name === "claim_pruning") return projects.shift() ?? null;
        const limit = Number(rows?.value);
        now += took[asked.length] ?? 0;
        asked.push([schema, limit]);
        return { deleted: { sessions: limit }, next: asked.length < 5 ? { sessions: 0 } : null };
      },
    } as unknown as Database;
    const logger = pino({ enabled: false });
    const pruning = startPruning({ databases: [database], logger, pause: 1, pollInterval: 1 });
    await vi.waitFor(() => expect(asked).toHaveLength(6), { timeout: 10_000 });
    await pruning.stop();
    expect(asked).toEqual([
      ...[firstRows, 50, 100, 40, 80].map((rows) => ["proj_full", rows]),
      ["proj_next", firstRows],
    ]);
  });
});
