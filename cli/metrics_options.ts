import { Option } from "commander";
import { processRegistry, startMetricsServer } from "../src/index.ts";
import { originOf, parseWhole } from "./options.ts";

export interface MetricsFlags {
  metricsPort?: number;
  metricsHost: string;
}

export function metricsOptions(): Option[] {
  return [
    new Option(
      "--metrics-port <number>",
      "serve GET /metrics for Prometheus on a port of its own; 0 takes a free one",
    )
      .env("MIOSA_AUTH_METRICS_PORT")
      .argParser((text) => parseWhole(text, { least: 0, most: 65_535 })),
    new Option("--metrics-host <address>", "the address that port listens on, for insiders alone")
      .env("MIOSA_AUTH_METRICS_HOST")
      .default("127.0.0.1"),
  ];
}

/** Opens the port, where there is to be one, and tells where it is. */
export async function serveMetrics(
  { metricsPort: port, metricsHost: host }: MetricsFlags,
  closers: (() => Promise<unknown>)[],
) {
  if (port === undefined) return undefined;
  const registry = processRegistry();
  const server = await startMetricsServer({ registry, host, port });
  closers.push(() => server.close());
  return { registry, facts: { metrics_url: `${originOf(host, server.port)}/metrics` } };
}
