import { afterEach, describe, expect, it, vi } from "vitest";
import { details, progressBar, table, withSpinner } from "../../cli/terminal.ts";

const isTTY = process.stdout.isTTY;

function onTerminal(terminal: boolean): void {
  process.stdout.isTTY = terminal;
}

afterEach(() => {
  process.stdout.isTTY = isTTY;
  vi.restoreAllMocks();
});

describe("what a command prints", () => {
  it("is a line a row with tabs between where no terminal is, and no headers", () => {
    onTerminal(false);
    expect(
      table(
        ["id", "since"],
        [
          ["a", 1],
          ["b", null],
        ],
      ),
    ).toEqual(["a\t1", "b\t"]);
    expect(details({ id: "a", data: { b: [1] }, none: undefined })).toEqual([
      "id=a",
      'data={"b":[1]}',
    ]);
  });

  it("is a table with headers on a terminal", () => {
    onTerminal(true);
    const lines = table(["id"], [["a"]]);
    expect(lines).toHaveLength(5);
    expect(lines[1]).toContain("id");
    expect(lines[3]).toMatch(/^│ a +│$/);
  });

  it.each([true, false])(
    "lets no value of a user's break out of its cell (terminal: %s)",
    (terminal) => {
      onTerminal(terminal);
      const lines = table(["agent"], [["x\ty\n\u001b[2J\u009b1m\u202ez"]]);
      expect(lines).toHaveLength(terminal ? 5 : 1);
      expect(lines.join("")).toContain("x\\u0009y\\u000a\\u001b[2J\\u009b1m\\u202ez");
    },
  );
});

describe("a spinner and a progress bar", () => {
  it("give what the work gave, its failure too, and write nothing where no terminal is", async () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const isTTY = process.stderr.isTTY;
    process.stderr.isTTY = false;
    expect(await withSpinner("Working", async () => 1)).toBe(1);
    const advancing = async (advance: () => void) => {
      advance();
      return 2;
    };
    expect(await progressBar("Working", 2, advancing)).toBe(2);
    const failure = new Error("no");
    await expect(withSpinner("Working", () => Promise.reject(failure))).rejects.toBe(failure);
    process.stderr.isTTY = isTTY;
    expect(write).not.toHaveBeenCalled();
  });
});
