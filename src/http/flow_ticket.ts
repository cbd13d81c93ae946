import { z } from "zod";
import type { OAuthFlow } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import type { AuthorizationWishes } from "../oauth/authorization_url.ts";
import { flowHash, newFlow } from "../oauth/flow.ts";
import type { Provider } from "../oauth/provider.ts";
import { bearerStatuses } from "./bearer.ts";
import { beginFlow, type FlowRequest } from "./begin_flow.ts";
import { requireProvider } from "./oauth_provider.ts";
import type { HttpContext } from "./service.ts";

const ticketSchema = z.object({
  scopes: z.array(z.string()),
  parameters: z.record(z.string(), z.string()),
  /** Milliseconds since the epoch. */
  issuedAt: z.number(),
});

const use = "oauth_ticket";
const lifetime = 60_000;

/**
 * The URL of a flow that begins in a browser which is not here yet. An app asks for it with `fetch`, from
 * another origin and with its bearer: a cookie of that reply is not kept, since it is not sent with
 * credentials. So the reply names a page of ours, once and for a minute, and what opens it is the
 * browser that the flow is bound to. Whose account is linked then is bound by the app's PKCE verifier,
 * which a stranger who was sent the URL does not have.
 */
export async function issueTicket(
  c: HttpContext,
  provider: Provider,
  { wishes, caller, redirectTo, codeChallenge }: FlowRequest,
): Promise<string> {
  const { functions, box, issuer } = c.get("project");
  const { state: ticket } = newFlow();
  const issued = await functions.beginOAuthFlow({
    ...hashesOf(ticket),
    provider: provider.name,
    redirectTo,
    codeChallenge,
    sealed: box.seal(JSON.stringify({ ...wishes, issuedAt: Date.now() }), use),
    caller,
    client: c.get("client"),
  });
  accepted(issued, bearerStatuses);
  return `${issuer.authUrl}/authorize?flow=${ticket}`;
}

/** @throws AuthError bad_oauth_state for a ticket that is unknown, used or stale */
export async function redeemTicket(c: HttpContext, ticket: string): Promise<Response> {
  const { functions, box } = c.get("project");
  const flow = accepted(await functions.takeOAuthFlow(hashesOf(ticket)));
  const wishes = openTicket(box.open(Buffer.from(flow.sealed, "hex"), use));
  const reachable = await requireProvider(c, flow.provider);
  return beginFlow(c, reachable, { ...requestOf(flow), wishes });
}

function openTicket(text: string): AuthorizationWishes {
  const { issuedAt, ...wishes } = ticketSchema.parse(JSON.parse(text));
  if (Date.now() - issuedAt > lifetime) throw new AuthError("bad_oauth_state");
  return wishes;
}

function requestOf(flow: OAuthFlow): Omit<FlowRequest, "wishes"> {
  const { redirect_to: redirectTo, code_challenge: codeChallenge } = flow;
  const { session_id: sessionId, user_id: userId } = flow;
  if (!redirectTo || !sessionId || !userId) throw new AuthError("bad_oauth_state");
  return { redirectTo, codeChallenge, caller: { sessionId, userId } };
}

// Never those of a state: neither is of use in the place of the other.
function hashesOf(ticket: string) {
  return {
    stateHash: flowHash(`ticket:${ticket}`),
    browserHash: flowHash(`ticket-browser:${ticket}`),
  };
}
