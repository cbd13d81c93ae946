import type { Registry } from "prom-client";

/** The samples of a metric, as `label=value,…: number`, those that are 0 left out. */
export async function samples(registry: Registry, metric: string): Promise<string[]> {
  const text = await registry.getSingleMetricAsString(metric);
  return text
    .split("\n")
    .filter((line) => line.startsWith(metric) && !line.endsWith(" 0"))
    .map(readSample)
    .sort();
}

function readSample(line: string): string {
  const [, labels = "", value = ""] = /^\w+(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  return `${labels.replaceAll('"', "")}: ${value}`;
}
