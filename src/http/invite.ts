import { createRoute, z } from "@hono/zod-openapi";
import { invite } from "../mail/request.ts";
import { requireService } from "./bearer.ts";
import { mailFields, mailQuery, readMailRequest } from "./mail_request.ts";
import { optionalMetadata, optionalText, requireEmail } from "./schemas/fields.ts";
import { body, failures, json, serviceBearer } from "./schemas/responses.ts";
import { userSchema } from "./schemas/user.ts";
import type { App } from "./service.ts";

const inviteBody = z
  .object({
    email: optionalText,
    data: optionalMetadata.openapi({ description: "Becomes user_metadata of a new user" }),
    ...mailFields,
  })
  .openapi("Invite");

const route = createRoute({
  method: "post",
  path: "/invite",
  summary: "Invite an address; for service_role",
  ...serviceBearer,
  request: { ...body(inviteBody), query: mailQuery },
  responses: { 200: json(userSchema, "The user"), ...failures(400, 401, 403, 422, 429, 503) },
});

export function registerInvite(app: App): void {
  app.openapi(route, async (c) => {
    await requireService(c);
    const input = c.req.valid("json");
    const user = await invite(
      readMailRequest(c, input),
      requireEmail(input.email),
      input.data ?? null,
    );
    c.get("service").mailQueued();
    return c.json(user, 200);
  });
}
