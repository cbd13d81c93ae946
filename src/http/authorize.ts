import { createRoute, z } from "@hono/zod-openapi";
import { AuthError } from "../errors.ts";
import type { AuthorizationWishes } from "../oauth/authorization_url.ts";
import { beginFlow, type FlowRequest } from "./begin_flow.ts";
import { redeemTicket } from "./flow_ticket.ts";
import { leadBackWithError } from "./lead_back.ts";
import { readChallenge } from "./mail_request.ts";
import { requireProvider } from "./oauth_provider.ts";
import { orPage } from "./pages/provider_answer.ts";
import { admittedRedirect, redirectRules, redirectTarget, requestedRedirect } from "./redirects.ts";
import { failures } from "./schemas/responses.ts";
import type { App, HttpContext } from "./service.ts";

/** The query of a request that leads to a provider. */
export const authorizeQuery = z.looseObject({
  provider: z.string().optional().openapi({ description: "As the project names it" }),
  redirect_to: z.string().optional().openapi({ description: "Where the app waits for the answer" }),
  scopes: z.string().optional().openapi({ description: "More of them, with spaces between" }),
  code_challenge: z.string().optional().openapi({
    description: "Base64url SHA-256 of a PKCE verifier: the app then gets a code to exchange",
  }),
  code_challenge_method: z.string().optional().openapi({ description: "s256" }),
});

const route = createRoute({
  method: "get",
  path: "/authorize",
  summary: "Send a browser to a provider, to sign in there",
  description:
    "Other parameters are passed on to the provider, except those of OAuth that are this service's to say.",
  request: { query: authorizeQuery },
  responses: { 302: { description: "To the provider" }, ...failures(400, 429, 503) },
});

const ownNames = new Set([
  ...["provider", "redirect_to", "scopes", "code_challenge", "code_challenge_method"],
  ...["skip_http_redirect", "invite_token", "flow", "from_page", "apikey"],
]);
const longestParameter = 512;
const mostParameters = 20;

export function registerAuthorize(app: App): void {
  app.openapi(route, async (c) => (await orPage(c, authorize)) as never);
}

async function authorize(c: HttpContext): Promise<Response> {
  const { flow: ticket } = c.req.query();
  if (ticket) return redeemTicket(c, ticket);
  const reachable = await requireProvider(c, c.req.query("provider"));
  const site = redirectTarget(redirectRules(c), null);
  const fromPage = isFromPage(c);
  try {
    const wishes = readFlowWishes(c, fromPage);
    return await beginFlow(c, reachable, { ...wishes, caller: null, fromPage });
  } catch (error) {
    // Whoever asked for another place is not led there, and the site is given nothing but the reason.
    if (!(error instanceof NotAdmitted) || site === null) throw error;
    return leadBackWithError(c, site, error);
  }
}

function isFromPage(c: HttpContext): boolean {
  return c.req.query("from_page") === "true" && c.get("project").configuration.pages_enabled;
}

/**
 * What an app asks for in the query, besides the provider.
 *
 * @param mayLeadNowhere whether there may be no app to come back to, where none was asked for
 * @throws AuthError validation_failed for a challenge that is none, a place that is not admitted, or
 * parameters that cannot be passed on
 */
export function readFlowWishes(
  c: HttpContext,
  mayLeadNowhere = false,
): Omit<FlowRequest, "caller"> {
  const codeChallenge = readChallenge(c.req.query());
  const wishes = readAuthorizationWishes(c);
  const rules = redirectRules(c);
  const requested = requestedRedirect(c);
  const redirectTo = requested ? admittedRedirect(rules, requested) : redirectTarget(rules, null);
  if (redirectTo === null) {
    if (requested || !mayLeadNowhere) throw new NotAdmitted(requested);
    return { redirectTo, codeChallenge: null, wishes };
  }
  return { redirectTo, codeChallenge, wishes };
}

class NotAdmitted extends AuthError {
  constructor(requested: string | null) {
    super("validation_failed", {
      message: requested ? "redirect_to is not admitted" : "redirect_to is required",
    });
  }
}

function readAuthorizationWishes(c: HttpContext): AuthorizationWishes {
  const query = c.req.query();
  const scopes = (query.scopes ?? "").split(/[ ,]+/).filter((scope) => scope !== "");
  const parameters = Object.entries(query).filter(([name]) => !ownNames.has(name));
  const isFitting =
    // RFC 6749 appendix A.4.
    scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) &&
    parameters.length <= mostParameters &&
    [query.scopes ?? "", ...parameters.flat()].every((text) => text.length <= longestParameter);
  if (!isFitting) {
    throw new AuthError("validation_failed", { message: "The parameters cannot be passed on" });
  }
  return { scopes, parameters: Object.fromEntries(parameters) };
}
