import type { App } from "./app.ts";

/** Serves the OpenAPI 3.1 document of everything that is registered before it. */
export function registerOpenApi(app: App): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
  app.get("/openapi.json", (c) => {
    const document = app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "MIOSA Auth",
        version: "1",
        description: "The auth service of one project, at its AUTH_URL.",
        license: { name: "MIT" },
      },
      servers: [{ url: c.var.project.issuer.authUrl }],
    });
    return c.json(document, 200);
  });
}
