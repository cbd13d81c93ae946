import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import ora from "ora";
import { createColors } from "picocolors";
import { wantsJson } from "./options.ts";

/** Colours for standard output; the text as it is where nobody would see them. */
export const colours = createColors(isColourful(process.stdout));

/** The lines of a table: with borders on a terminal, else a line a row with tabs between. */
export function table(headers: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  const cells = rows.map((row) => row.map(cellText));
  if (!process.stdout.isTTY) return cells.map((row) => row.join("\t"));
  const drawn = new Table({
    head: headers.map((header) => colours.bold(header)),
    style: { head: [], border: [] },
  });
  drawn.push(...cells);
  return drawn.toString().split("\n");
}

/** An object as a table of two columns on a terminal, else as `key=value` lines. */
export function details(values: object): string[] {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  if (process.stdout.isTTY) return table(["name", "value"], entries);
  return entries.map(([key, value]) => `${key}=${cellText(value)}`);
}

/** Shows on a terminal's standard error that something is going on; silent with `--json`. */
export async function withSpinner<T>(text: string, work: () => Promise<T>): Promise<T> {
  if (!isWatched()) return work();
  const spinner = ora({ text, stream: process.stderr }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}

/**
 * Shows how much of something is done; silent where {@link withSpinner} is.
 *
 * @param work calls `advance` once for each of the `total` parts
 */
export async function progressBar<T>(
  label: string,
  total: number,
  work: (advance: () => void) => Promise<T>,
): Promise<T> {
  if (!isWatched()) return work(() => {});
  const bar = new SingleBar({
    format: `${label} {bar} {value}/{total}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  try {
    return await work(() => bar.increment());
  } finally {
    bar.stop();
  }
}

function isWatched(): boolean {
  // Some terminals say that they are 0 wide, and would be redrawn without end.
  const { isTTY, columns } = process.stderr;
  return isTTY === true && columns > 0 && !wantsJson();
}

function isColourful(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}

// A tab, a line break or an escape sequence inside a value would be another cell, row or command.
function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.replace(
    /[\p{Cc}\p{Bidi_Control}]/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
