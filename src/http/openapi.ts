import { createRoute, z } from "@hono/zod-openapi";
import { failures, json } from "./schemas/responses.ts";
import type { App } from "./service.ts";

const route = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "This document",
  responses: {
    200: json(z.record(z.string(), z.unknown()), "An OpenAPI 3.1 document"),
    ...failures(),
  },
});

/** Serves the OpenAPI 3.1 document of everything that is registered before it, and of itself. */
export function registerOpenApi(app: App): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "service", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A token with the role service_role, signed with the project's secret",
  });
  // Alike for all projects but for where they are.
  let common: object | undefined;
  app.openapi(route, (c) => {
    common ??= app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "MIOSA Auth",
        version: "1",
        description: "The auth service of one project, at its AUTH_URL.",
        license: { name: "MIT" },
      },
    });
    return c.json({ ...common, servers: [{ url: c.get("project").issuer.authUrl }] }, 200);
  });
}
