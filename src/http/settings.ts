import { createRoute, z } from "@hono/zod-openapi";
import { failures, json } from "./schemas/responses.ts";
import type { App } from "./service.ts";

const settingsSchema = z
  .object({
    external: z.record(z.string(), z.boolean()),
    disable_signup: z.boolean(),
    mailer_autoconfirm: z.boolean(),
    phone_autoconfirm: z.boolean(),
    sms_provider: z.string(),
    saml_enabled: z.boolean(),
    passkeys_enabled: z.boolean(),
  })
  .openapi("Settings");

const route = createRoute({
  method: "get",
  path: "/settings",
  summary: "What this project offers",
  responses: { 200: json(settingsSchema, "The public settings"), ...failures() },
});

export function registerSettings(app: App): void {
  app.openapi(route, (c) => {
    const { signup_enabled, email_confirmation, anonymous_users, providers } =
      c.get("project").configuration;
    return c.json(
      {
        external: {
          ...Object.fromEntries(providers.map(({ name }) => [name, true])),
          email: true,
          phone: false,
          anonymous_users,
        },
        disable_signup: !signup_enabled,
        mailer_autoconfirm: email_confirmation !== "required",
        phone_autoconfirm: false,
        sms_provider: "",
        saml_enabled: false,
        passkeys_enabled: false,
      },
      200,
    );
  });
}
