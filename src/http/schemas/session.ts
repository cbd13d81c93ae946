import { z } from "@hono/zod-openapi";
import { userSchema } from "./user.ts";

export const sessionSchema = z
  .object({
    access_token: z.string().openapi({
      description: "A JWT of less than 6,000 characters; verify it with AUTH_JWT_SECRET",
    }),
    token_type: z.literal("bearer"),
    expires_in: z.int().openapi({ description: "Seconds" }),
    expires_at: z.int().openapi({ description: "Seconds since the epoch" }),
    refresh_token: z.string(),
    user: userSchema,
    provider_token: z.string().optional().openapi({
      description: "Of the identity provider: given once, and not kept",
    }),
    provider_refresh_token: z.string().optional(),
  })
  .openapi("Session");

export const listedSessionSchema = z
  .object({
    id: z.uuid(),
    created_at: z.string(),
    last_active_at: z.string(),
    user_agent: z.string().nullable(),
    ip: z.string().nullable(),
    aal: z.string(),
    current: z.boolean(),
  })
  .openapi("ListedSession");
