import type { Registry } from "prom-client";
import { type RunningServer, startServer } from "./server.ts";

export interface MetricsServerOptions {
  readonly registry: Registry;
  /** Of a network that strangers cannot reach: whoever can, reads how busy the service is. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Serves `GET /metrics`, and nothing else, in the text format of Prometheus. */
export function startMetricsServer({
  registry,
  host,
  port,
}: MetricsServerOptions): Promise<RunningServer> {
  let underWay: Promise<string> | undefined;
  // Scrapes at one time share one look, so that their number costs nothing.
  function read(): Promise<string> {
    underWay ??= registry.metrics().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }
  return startServer({
    host,
    port,
    async fetch(request) {
      const { method, url } = request;
      if (new URL(url).pathname !== "/metrics") return answer(404, "There is /metrics.\n");
      if (method !== "GET" && method !== "HEAD") return answer(405, "Metrics are only read.\n");
      return answer(200, await read(), registry.contentType);
    },
  });
}

function answer(status: number, text: string, type = "text/plain; charset=utf-8"): Response {
  return new Response(text, {
    status,
    headers: { "Content-Type": type, "Cache-Control": "no-store", ...allow(status) },
  });
}

function allow(status: number): Record<string, string> {
  return status === 405 ? { Allow: "GET, HEAD" } : {};
}
