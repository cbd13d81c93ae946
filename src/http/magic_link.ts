import { createRoute, z } from "@hono/zod-openapi";
import { AuthError } from "../errors.ts";
import { askForMagicLink } from "../mail/request.ts";
import { mailFields, mailQuery, readMailRequest } from "./mail_request.ts";
import { optionalMetadata, optionalText, requireEmail } from "./schemas/fields.ts";
import { body, emptyObject, failures, json } from "./schemas/responses.ts";
import type { App } from "./service.ts";

const magicLinkBody = z
  .object({
    email: optionalText,
    phone: optionalText,
    create_user: z.boolean().nullish().openapi({
      description: "Whether an unknown address becomes a user; true by default",
    }),
    data: optionalMetadata.openapi({ description: "Becomes user_metadata of a new user" }),
    ...mailFields,
  })
  .openapi("MagicLink");

const route = createRoute({
  method: "post",
  path: "/magiclink",
  summary: "Ask for a mail that signs in, by its link or its code",
  description:
    "The answer does not tell whether anybody has the address, nor whether a user was made. Redeem with POST /verify, type email.",
  request: { ...body(magicLinkBody), query: mailQuery },
  responses: { 200: json(emptyObject, "Always"), ...failures(400, 422, 429, 503) },
});

export function registerMagicLink(app: App): void {
  for (const path of ["/magiclink", "/otp"]) {
    app.openapi({ ...route, path }, async (c) => {
      const input = c.req.valid("json");
      if (input.phone && input.email) {
        throw new AuthError("validation_failed", {
          message: "Only an email address or phone number",
        });
      }
      if (input.phone) throw new AuthError("phone_provider_disabled");
      const request = readMailRequest(c, input);
      await askForMagicLink(request, requireEmail(input.email), {
        createsUser: input.create_user ?? true,
        userMetadata: input.data ?? null,
      });
      c.get("service").mailQueued();
      return c.json({}, 200);
    });
  }
}
