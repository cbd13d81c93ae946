import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";

const guide = readFileSync("docs/observability.md", "utf8");

it("the guide's table of metrics is that of the release", () => {
  const registry = new Registry();
  createMetrics(registry, { databases: [], hasher: quickHasher() });
  const there = registry.getMetricsAsArray().map((metric) => {
    const { name, labelNames } = metric as unknown as { name: string; labelNames: string[] };
    return [name, metric.constructor.name.toLowerCase(), ...labelNames].join(" ");
  });
  const rows = [...guide.matchAll(/^\| `(miosa_auth_\w+)` \| (\w+) \| ([^|]*)\|/gm)].map(
    ([, name, kind, labels = ""]) => [name, kind, ...ticked(labels)].join(" "),
  );
  expect(rows.sort()).toEqual(there.sort());
});

it("the guide's alerts name metrics that there are", () => {
  const table = new Set([...guide.matchAll(/^\| `(miosa_auth_\w+)`/gm)].map(([, name]) => name));
  const alerts = /groups:[\s\S]*?```/.exec(guide)?.[0] ?? "";
  const named = [...alerts.matchAll(/miosa_auth_\w+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !table.has(name))).toEqual([]);
});

function ticked(text: string): string[] {
  return [...text.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
}
