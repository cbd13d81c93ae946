import { z } from "@hono/zod-openapi";

const time = z.string().openapi({ format: "date-time" });
const metadata = z.record(z.string(), z.unknown());

export const identitySchema = z
  .object({
    identity_id: z.uuid(),
    id: z
      .string()
      .openapi({ description: "The provider's id of the user; for email, the user's id" }),
    user_id: z.uuid(),
    identity_data: metadata,
    provider: z.string(),
    email: z.string().optional(),
    last_sign_in_at: time.nullable(),
    created_at: time,
    updated_at: time,
  })
  .openapi("Identity");

export const userSchema = z
  .object({
    id: z.uuid(),
    aud: z.string(),
    role: z.string(),
    email: z.string().openapi({ description: "Empty when the user has none" }),
    phone: z.string(),
    app_metadata: metadata,
    user_metadata: metadata,
    identities: z.array(identitySchema),
    is_anonymous: z.boolean(),
    created_at: time,
    updated_at: time,
    email_confirmed_at: time.optional(),
    confirmed_at: time.optional(),
    confirmation_sent_at: time.optional(),
    recovery_sent_at: time.optional(),
    invited_at: time.optional(),
    last_sign_in_at: time.optional(),
    banned_until: time.optional(),
  })
  .openapi("User");
