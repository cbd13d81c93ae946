import { createMiddleware } from "hono/factory";
import { withoutProject } from "./routing.ts";
import type { HttpEnv } from "./service.ts";

/** One line a request: never its query, its headers or its body, which may carry tokens. */
export const accessLog = createMiddleware<HttpEnv>(async (c, next) => {
  const started = performance.now();
  await next();
  const { logger } = c.get("service");
  if (!logger.isLevelEnabled("info")) return;
  logger.info(
    {
      requestId: c.get("requestId"),
      project: withoutProject(c.req.raw).projectId,
      method: c.req.method,
      route: c.req.path.slice(0, 100),
      status: c.res.status,
      ms: Math.round(performance.now() - started),
    },
    "request",
  );
});
