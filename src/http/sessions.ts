import { createRoute, z } from "@hono/zod-openapi";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { bearerStatuses, requireCaller } from "./bearer.ts";
import { bearer, failures, json } from "./schemas/responses.ts";
import { listedSessionSchema } from "./schemas/session.ts";
import type { App } from "./service.ts";

const listRoute = createRoute({
  method: "get",
  path: "/sessions",
  summary: "The user's live sessions, newest first",
  ...bearer,
  responses: { 200: json(z.array(listedSessionSchema), "The sessions"), ...failures(401, 503) },
});

const revokeRoute = createRoute({
  method: "delete",
  path: "/sessions/{id}",
  summary: "End one of the user's sessions",
  ...bearer,
  request: { params: z.object({ id: z.string() }) },
  responses: { 204: { description: "Ended" }, ...failures(401, 404, 503) },
});

export function registerSessions(app: App): void {
  app.openapi(listRoute, async (c) => {
    const caller = await requireCaller(c);
    const { functions } = c.get("project");
    const { sessions } = accepted(await functions.listSessions(caller), bearerStatuses);
    return c.json(sessions, 200);
  });
  app.openapi(revokeRoute, async (c) => {
    const caller = await requireCaller(c);
    const target = c.req.valid("param").id;
    if (!z.uuid().safeParse(target).success) throw unknownSession();
    const { revoked } = accepted(
      await c.get("project").functions.revokeSession({ caller, target, client: c.get("client") }),
      bearerStatuses,
    );
    if (!revoked) throw unknownSession();
    return c.body(null, 204);
  });
}

function unknownSession(): AuthError {
  return new AuthError("session_not_found", {
    status: 404,
    message: "The user has no such session",
  });
}
