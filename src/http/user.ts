import { createRoute, z } from "@hono/zod-openapi";
import { heldByApplication } from "../database/errors.ts";
import { accepted } from "../database/outcomes.ts";
import { proveCurrentPassword } from "../passwords/reauthenticate.ts";
import { bearerStatuses, requireCaller } from "./bearer.ts";
import { optionalText } from "./schemas/fields.ts";
import { bearer, body, failures, json } from "./schemas/responses.ts";
import { userSchema } from "./schemas/user.ts";
import type { App } from "./service.ts";

const getRoute = createRoute({
  method: "get",
  path: "/user",
  summary: "The user of the token",
  ...bearer,
  responses: { 200: json(userSchema, "The user"), ...failures(401, 503) },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/user",
  summary: "Delete the user and all that is its own",
  description: "Wants a session of the last 24 hours, or the current password.",
  ...bearer,
  request: body(z.object({ current_password: optionalText }).openapi("DeleteUser")),
  responses: { 204: { description: "Deleted" }, ...failures(400, 401, 422, 429, 503) },
});

export function registerUser(app: App): void {
  app.openapi(getRoute, async (c) => {
    const caller = await requireCaller(c);
    const { user } = accepted(await c.get("project").functions.getUser(caller), bearerStatuses);
    return c.json(user, 200);
  });
  app.openapi(deleteRoute, async (c) => {
    const caller = await requireCaller(c);
    const { functions, hasher } = c.get("project");
    const current = c.req.valid("json").current_password ?? null;
    const holder = { caller, client: c.get("client"), statuses: bearerStatuses };
    const proof = await proveCurrentPassword(functions, hasher, holder, current);
    const deleted = await functions
      .deleteUser({ caller, ...proof, client: c.get("client") })
      .catch(heldByApplication);
    accepted(deleted, bearerStatuses);
    return c.body(null, 204);
  });
}
