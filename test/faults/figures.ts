import Table from "cli-table3";
import { afterAll } from "vitest";

/** What one file of the long set has found, as rows of a table. */
export interface Figures {
  /** Adds a row; `samples` is how often it was tried, which a figure says nothing without. */
  add(what: string, samples: number, figure: string | number): void;
}

/** At the top of a file: what it adds is printed as one table at the file's end. */
export function collectFigures(title: string): Figures {
  const rows: [string, number, string | number][] = [];
  afterAll(() => {
    if (rows.length === 0) return;
    const table = new Table({
      head: [title, "samples", "figure"],
      colAligns: ["left", "right", "right"],
      style: { head: [], border: [], compact: true },
    });
    table.push(...rows);
    console.log(table.toString());
  });
  return {
    add(what, samples, figure) {
      rows.push([what, samples, figure]);
    },
  };
}

/** The size of a long run, cut down by FAULTS_SCALE: 0.01 is a trial, 1 the full size. */
export function scaled(fullSize: number): number {
  const scale = Number(process.env.FAULTS_SCALE ?? 1);
  if (!(scale > 0)) throw new Error("FAULTS_SCALE is a number above 0");
  return Math.max(1, Math.round(fullSize * scale));
}
