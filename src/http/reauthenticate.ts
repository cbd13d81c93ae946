import { createRoute } from "@hono/zod-openapi";
import { askForReauthentication } from "../mail/request.ts";
import { bearerStatuses, requireCaller } from "./bearer.ts";
import { readMailRequest } from "./mail_request.ts";
import { bearer, emptyObject, failures, json } from "./schemas/responses.ts";
import type { App } from "./service.ts";

const route = createRoute({
  method: "get",
  path: "/reauthenticate",
  summary: "Ask for a code by which the user shows again who it is",
  description: "The code is the nonce of PATCH /user when it changes the password or the address.",
  ...bearer,
  responses: { 200: json(emptyObject, "The mail is queued"), ...failures(400, 401, 429, 503) },
});

export function registerReauthenticate(app: App): void {
  app.openapi(route, async (c) => {
    const caller = await requireCaller(c);
    await askForReauthentication(readMailRequest(c, {}), caller, bearerStatuses);
    c.get("service").mailQueued();
    return c.json({}, 200);
  });
}
