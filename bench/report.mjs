// Results as tables, as JSON, and as bars in SVG. Quote ratios: absolute rates belong to one machine.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { bars } from "./chart.mjs";

/**
 * Writes `results/<name>.json`, `.md` and `.svg`. A comparison is the ratio of one sample to another
 * of the same round: of what `of` names, `rate` if nothing. A target is a floor, with `most` a ceiling.
 */
export async function report(name, { title, comparisons, samples, notes = [], ...about }) {
  const ratios = comparisons.map((comparison) => ratioOf(comparison, samples));
  const medians = Object.fromEntries([...samples].map(([key, all]) => [key, mediansOf(all)]));
  const tables = [
    ratios.map((row) => ({ ratio: row.name, ...ratioRow(row) })),
    Object.entries(medians).map(([measured, row]) => ({ measured, ...costRow(row) })),
  ];
  for (const table of tables) console.table(table);
  for (const note of notes) console.log(note);

  const all = { title, machine, ...about };
  const results = { ...all, notes, ratios, medians, samples: Object.fromEntries(samples) };
  const folder = new URL("./results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const write = (kind, text) => writeFile(new URL(`${name}.${kind}`, folder), text);
  await write("json", `${JSON.stringify(results, rounded, 2)}\n`);
  await write("md", markdown(all, tables, notes));
  await write("svg", bars(title, ratios));
}

const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  gigabytes: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};

function ratioOf({ measured, limit, of = "rate", target, most }, samples) {
  const pairs = samples
    .get(measured)
    .map((sample, index) => sample[of] / samples.get(limit)[index][of]);
  const [ratio, min, max] = [median(pairs), Math.min(...pairs), Math.max(...pairs)];
  const what = of === "rate" ? "" : `, ${costs[of][0]}`;
  return { name: `${measured} / ${limit}${what}`, ratio, min, max, target, most };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function mediansOf(all) {
  const names = Object.keys(all[0]);
  return Object.fromEntries(names.map((name) => [name, median(all.map((sample) => sample[name]))]));
}

function ratioRow({ ratio, min, max, target, most }) {
  const aim = target === undefined ? "" : `at ${most ? "most" : "least"} ${target}`;
  return {
    median: ratio.toFixed(2),
    "min-max": `${min.toFixed(2)}-${max.toFixed(2)}`,
    target: aim,
  };
}

const costs = {
  rate: ["rate/s", 0],
  p50: ["p50 ms", 3],
  p99: ["p99 ms", 2],
  cpuMicroseconds: ["CPU us", 0],
  statements: ["statements", 2],
  loopDelayP99: ["loop p99 ms", 1],
  milliseconds: ["ms", 0],
  cpuPercent: ["CPU %", 2],
  rssMegabytes: ["RSS MB", 0],
  backendMegabytes: ["backend MB", 0],
  refused: ["refused", 0],
  drained: ["drained ms", 0],
};

function costRow(row) {
  const shown = Object.entries(costs).filter(([name]) => row[name] !== undefined);
  return Object.fromEntries(
    shown.map(([name, [title, digits]]) => [title, row[name].toFixed(digits)]),
  );
}

function markdown({ title, machine, ...about }, tables, notes) {
  const { cpu, cores, gigabytes, node } = machine;
  const settings = Object.entries(about).map(([name, value]) => `${name} ${value}`);
  const lines = [
    `# ${title}`,
    `${cores} cores of ${cpu}, ${gigabytes} GB, Node ${node}; ${settings.join(", ")}.`,
  ];
  return `${[...lines, ...tables.map(markdownTable), ...notes].join("\n\n")}\n`;
}

function markdownTable(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const body = rows.map((row) => line(names.map((name) => row[name] ?? "")));
  return [line(names), line(names.map(() => "---")), ...body].join("\n");
}

function rounded(_, value) {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
