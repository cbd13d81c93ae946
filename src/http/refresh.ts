import { createRoute, z } from "@hono/zod-openapi";
import { refreshSession } from "../tokens/refresh.ts";
import { optionalText, requireText } from "./schemas/fields.ts";
import { body, failures, json } from "./schemas/responses.ts";
import { sessionSchema } from "./schemas/session.ts";
import type { App } from "./service.ts";

const route = createRoute({
  method: "post",
  path: "/refresh",
  summary: "Exchange a refresh token for the next one and a new access token",
  request: body(z.object({ refresh_token: optionalText }).openapi("RefreshRequest")),
  responses: { 200: json(sessionSchema, "A session"), ...failures(400, 503) },
});

export function registerRefresh(app: App): void {
  app.openapi(route, async (c) => {
    const project = c.get("project");
    const client = c.get("client");
    const presented = requireText(c.req.valid("json").refresh_token, "refresh_token");
    return c.json(await refreshSession(project.functions, project.issuer, presented, client), 200);
  });
}
