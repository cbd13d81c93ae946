import { createMiddleware } from "hono/factory";
import type { Metrics } from "../telemetry/metrics.ts";
import { knownMethod, routeTemplate } from "./route_template.ts";
import type { HttpEnv } from "./service.ts";

/** Counts every request, with what the handlers said of it. */
export function countRequests(metrics: Pick<Metrics, "requestAnswered">) {
  return createMiddleware<HttpEnv>(async (c, next) => {
    const started = performance.now();
    await next();
    metrics.requestAnswered({
      route: routeTemplate(c),
      method: knownMethod(c),
      status: c.res.status,
      code: c.get("refusalCode") ?? "",
      signIn: c.get("signIn"),
      seconds: (performance.now() - started) / 1_000,
    });
  });
}
