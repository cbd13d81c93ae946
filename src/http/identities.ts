import { createRoute, z } from "@hono/zod-openapi";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { authorizeQuery, readFlowWishes } from "./authorize.ts";
import { bearerStatuses, requireCaller } from "./bearer.ts";
import { issueTicket } from "./flow_ticket.ts";
import { requireProvider } from "./oauth_provider.ts";
import { bearer, emptyObject, failures, json } from "./schemas/responses.ts";
import type { App, HttpContext } from "./service.ts";

const authorizeRoute = createRoute({
  method: "get",
  path: "/user/identities/authorize",
  summary: "Begin to link an identity of a provider to the user of the token",
  description:
    "code_challenge is required: the identity is linked when the code that comes back is exchanged, which only who has the verifier can do.",
  ...bearer,
  request: {
    query: authorizeQuery.extend({
      skip_http_redirect: z.string().optional().openapi({
        description: "`true`: the URL is told in the reply, to be opened within a minute",
      }),
    }),
  },
  responses: {
    200: json(z.object({ url: z.string() }).openapi("LinkUrl"), "Where to send the browser"),
    302: { description: "To the same" },
    ...failures(400, 401, 404, 429, 503),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/user/identities/{id}",
  summary: "Take an identity away from the user of the token, unless it is the last",
  ...bearer,
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: json(emptyObject, "Taken away"), ...failures(401, 404, 422, 503) },
});

export function registerIdentities(app: App): void {
  app.openapi(authorizeRoute, async (c) => {
    const url = await linkUrl(c);
    if (c.req.query("skip_http_redirect") === "true") return c.json({ url }, 200);
    return c.redirect(url, 302) as never;
  });
  app.openapi(deleteRoute, async (c) => {
    const caller = await requireCaller(c);
    requireLinking(c);
    const { id } = c.req.valid("param");
    if (!z.uuid().safeParse(id).success) throw new AuthError("identity_not_found");
    const { functions } = c.get("project");
    const unlinked = await functions.unlinkIdentity({
      caller,
      identityId: id,
      client: c.get("client"),
    });
    accepted(unlinked, bearerStatuses);
    return c.json({}, 200);
  });
}

async function linkUrl(c: HttpContext): Promise<string> {
  const caller = await requireCaller(c);
  requireLinking(c);
  const { provider } = await requireProvider(c, c.req.query("provider"));
  const wishes = readFlowWishes(c);
  // Otherwise whoever sends somebody the URL would link that person's identity to its own account.
  if (wishes.codeChallenge === null) {
    throw new AuthError("validation_failed", {
      message: "Linking an identity requires PKCE: code_challenge, or flowType pkce of auth-js",
    });
  }
  return issueTicket(c, provider, { ...wishes, caller });
}

function requireLinking(c: HttpContext): void {
  if (!c.get("project").configuration.manual_linking) {
    throw new AuthError("manual_linking_disabled");
  }
}
