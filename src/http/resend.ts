import { createRoute, z } from "@hono/zod-openapi";
import { AuthError } from "../errors.ts";
import { askAgain } from "../mail/request.ts";
import { mailFields, mailQuery, readMailRequest } from "./mail_request.ts";
import { optionalText, requireEmail } from "./schemas/fields.ts";
import { body, emptyObject, failures, json } from "./schemas/responses.ts";
import type { App } from "./service.ts";

const resendBody = z
  .object({
    type: optionalText.openapi({ description: "signup or email_change" }),
    email: optionalText.openapi({
      description: "The address that is to be proved; of a change, the new one or that of now",
    }),
    phone: optionalText,
    ...mailFields,
  })
  .openapi("Resend");

const route = createRoute({
  method: "post",
  path: "/resend",
  summary: "Ask for the mail of a sign-up, or of a change of address, once more",
  request: { ...body(resendBody), query: mailQuery },
  responses: { 200: json(emptyObject, "Always"), ...failures(400, 422, 429, 503) },
});

export function registerResend(app: App): void {
  app.openapi(route, async (c) => {
    const input = c.req.valid("json");
    if (input.phone) throw new AuthError("phone_provider_disabled");
    if (input.type !== "signup" && input.type !== "email_change") {
      throw new AuthError("validation_failed", { message: "type is signup or email_change" });
    }
    await askAgain(readMailRequest(c, input), input.type, requireEmail(input.email).email);
    c.get("service").mailQueued();
    return c.json({}, 200);
  });
}
