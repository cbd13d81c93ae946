import { createRoute, z } from "@hono/zod-openapi";
import { withoutProject } from "./routing.ts";
import { failures, json } from "./schemas/responses.ts";
import type { App } from "./service.ts";

const health = z.object({ name: z.string(), description: z.string() }).openapi("Health");
const alive = { name: "MIOSA Auth", description: "Auth that lives in your own Postgres" };

const liveRoute = createRoute({
  method: "get",
  path: "/health",
  summary: "Liveness: the process answers",
  responses: { 200: json(health, "Alive"), ...failures() },
});

const readyRoute = createRoute({
  method: "get",
  path: "/health/ready",
  summary: "Readiness: the database answers too",
  responses: { 200: json(health, "Ready"), ...failures(503) },
});

/** Health of the server as a whole, for load balancers that know no project. */
export function registerServerHealth(app: App): void {
  app.use("/health/*", async (c, next) => {
    const isReading = c.req.method === "GET" || c.req.method === "HEAD";
    if (!isReading || withoutProject(c.req.raw).projectId !== null) return next();
    if (c.req.path === "/health/ready") await c.get("service").checkReadiness();
    else if (c.req.path !== "/health" && c.req.path !== "/health/live") return next();
    return c.json(alive, 200);
  });
}

export function registerHealth(app: App): void {
  app.openapi(liveRoute, (c) => c.json(alive, 200));
  app.openapi(readyRoute, async (c) => {
    await c.get("service").checkReadiness();
    return c.json(alive, 200);
  });
}
