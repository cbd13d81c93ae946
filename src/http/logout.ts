import { createRoute, z } from "@hono/zod-openapi";
import { accepted } from "../database/outcomes.ts";
import { parseRefreshToken } from "../tokens/refresh_token.ts";
import { requireCaller } from "./bearer.ts";
import { optionalText } from "./schemas/fields.ts";
import { bearer, body, failures } from "./schemas/responses.ts";
import type { App, HttpContext } from "./service.ts";

const route = createRoute({
  method: "post",
  path: "/logout",
  summary:
    "End sessions: all of the user's (global), this one (local), or all but this one (others)",
  description:
    "Wants a Bearer token, or the session's refresh token in the body. Idempotent: a refresh token that names no session is answered alike.",
  security: [...bearer.security, {}],
  request: {
    ...body(z.object({ refresh_token: optionalText }).openapi("LogoutRequest")),
    query: z.object({ scope: z.enum(["global", "local", "others"]).default("global") }),
  },
  responses: { 204: { description: "Ended, or had ended before" }, ...failures(400, 401, 503) },
});

export function registerLogout(app: App): void {
  app.openapi(route, async (c) => {
    const { scope } = c.req.valid("query");
    const session = await namedSession(c, c.req.valid("json").refresh_token);
    if (session) {
      const { functions } = c.get("project");
      accepted(await functions.logout({ ...session, scope, client: c.get("client") }));
    }
    return c.body(null, 204);
  });
}

async function namedSession(c: HttpContext, refreshToken: string | null | undefined) {
  if (c.req.header("Authorization") !== undefined || !refreshToken) {
    return { sessionId: (await requireCaller(c)).sessionId, tokenHash: null };
  }
  const token = parseRefreshToken(refreshToken);
  return token ? { sessionId: null, tokenHash: token.hash } : null;
}
