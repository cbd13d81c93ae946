// Results as tables, as JSON, and as bars in SVG. Quote ratios: absolute rates belong to one machine.
import { mkdir, writeFile } from "node:fs/promises";
import { bars } from "./chart.mjs";

const comparisons = [
  ["get-user http", "get-user pgbench", 0.35],
  ["get-user pool", "get-user pgbench"],
  ["refresh http", "refresh pgbench", 0.65],
  ["refresh pool", "refresh pgbench"],
  ["login http", "hasher", 0.97],
  ["login pool", "hasher"],
  ["signup http", "hasher"],
  ["signup pool", "hasher"],
  ["get-user http under logins", "get-user http", 0.5],
  ["refresh http under logins", "refresh http", 0.5],
];

export async function report({ samples, ...about }) {
  const ratios = comparisons.map(([measured, limit, target]) => {
    const pairs = samples
      .get(measured)
      .map(({ rate }, index) => rate / samples.get(limit)[index].rate);
    const [ratio, min, max] = [median(pairs), Math.min(...pairs), Math.max(...pairs)];
    return { name: `${measured} / ${limit}`, ratio, min, max, target };
  });
  const medians = Object.fromEntries([...samples].map(([name, all]) => [name, mediansOf(all)]));
  console.table(Object.fromEntries(ratios.map((row) => [row.name, ratioRow(row)])));
  console.table(
    Object.fromEntries(Object.entries(medians).map(([name, row]) => [name, costRow(row)])),
  );

  const folder = new URL("./results/", import.meta.url);
  const results = { ...about, ratios, medians, samples: Object.fromEntries(samples) };
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("latest.json", folder), `${JSON.stringify(results, rounded, 2)}\n`);
  await writeFile(new URL("latest.svg", folder), bars(ratios));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function mediansOf(all) {
  const names = Object.keys(all[0]);
  return Object.fromEntries(names.map((name) => [name, median(all.map((sample) => sample[name]))]));
}

function ratioRow({ ratio, min, max, target }) {
  const spread = `${min.toFixed(2)}-${max.toFixed(2)}`;
  return { ratio: ratio.toFixed(2), "min-max": spread, target: target ?? "" };
}

function costRow(row) {
  const shown = (value, digits) => value?.toFixed(digits) ?? "";
  return {
    "rate/s": shown(row.rate, 0),
    "p50 ms": shown(row.p50, 2),
    "p99 ms": shown(row.p99, 2),
    "CPU us": shown(row.cpuMicroseconds, 0),
    statements: shown(row.statements, 2),
    "loop p99 ms": shown(row.loopDelayP99, 1),
  };
}

function rounded(_, value) {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
