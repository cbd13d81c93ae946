import { z } from "@hono/zod-openapi";
import { errorTable } from "../../errors.ts";

const codes = Object.keys(errorTable);

const errorSchema = z
  .object({
    code: z.union([z.int(), z.string()]).openapi({
      description: "The HTTP status; with X-Supabase-Api-Version, what is else in error_code",
    }),
    error_code: z.enum(codes).optional().openapi({ description: "Stable; never reused" }),
    msg: z.string().optional(),
    message: z.string().optional(),
    error: z.string().optional().openapi({ description: "As RFC 6749 names it" }),
    error_description: z.string().optional(),
    weak_password: z.object({ reasons: z.array(z.string()) }).optional(),
  })
  .openapi("Error");

/** The reply of a call that tells nothing, `{}`. */
export const emptyObject = z.object({}).openapi("Empty");

/** A JSON reply of an OpenAPI route. */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return { content: { "application/json": { schema } }, description };
}

/** The JSON body of an OpenAPI route; an empty one is read as `{}`. */
export function body<S extends z.ZodType>(schema: S) {
  return { body: { content: { "application/json": { schema } }, required: true } };
}

const descriptions: Record<number, string> = {
  400: "The request cannot be served as it is",
  401: "The bearer token is missing or not good",
  403: "What was brought is not good for this",
  404: "There is no such thing",
  422: "The request is understood and refused",
  429: "Too many requests; Retry-After says when to come back",
  503: "The service cannot answer now; Retry-After says when to come back",
};

type ErrorReply = ReturnType<typeof json<typeof errorSchema>>;

/** The error replies of a route, all of one shape: those to expect, and any other. */
export function failures<S extends number>(...statuses: S[]) {
  const entries = statuses.map((status) => [
    status,
    json(errorSchema, descriptions[status] ?? "Refused"),
  ]);
  const expected = Object.fromEntries(entries) as Record<S, ErrorReply>;
  const other = "Any other refusal, such as 404 where there is no such project";
  return { ...expected, default: json(errorSchema, other) };
}

/** Marks a route as one that wants `Authorization: Bearer`. */
export const bearer = { security: [{ bearer: [] }] };

/** Marks a route as one for the project's own backend. */
export const serviceBearer = { security: [{ service: [] }] };
