import type { Caller } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { type AuthorizationWishes, authorizationUrl } from "../oauth/authorization_url.ts";
import { flowHash, newFlow, sealFlow } from "../oauth/flow.ts";
import { bearerStatuses } from "./bearer.ts";
import { bindBrowser } from "./flow_cookie.ts";
import { callbackUrl, type ReachableProvider } from "./oauth_provider.ts";
import type { HttpContext } from "./service.ts";

/** What a browser is sent to a provider with. */
export interface FlowRequest {
  /** Null for a flow from a page of ours that has no app to lead to. */
  readonly redirectTo: string | null;
  readonly codeChallenge: string | null;
  readonly wishes: AuthorizationWishes;
  /** Who links an identity; null when somebody signs in. */
  readonly caller: Caller | null;
  readonly fromPage?: boolean;
}

/**
 * Sends this browser to a provider, and remembers that it did.
 *
 * @throws AuthError service_unavailable, over_request_rate_limit and about the caller
 */
export async function beginFlow(
  c: HttpContext,
  reachable: ReachableProvider,
  { redirectTo, codeChallenge, wishes, caller, fromPage = false }: FlowRequest,
): Promise<Response> {
  const { functions, box } = c.get("project");
  const { provider } = reachable;
  const flow = newFlow();
  const url = await authorizationUrl(reachable, flow, { redirectUri: callbackUrl(c), wishes });
  const stateHash = flowHash(flow.state);
  const begun = await functions.beginOAuthFlow({
    stateHash,
    browserHash: flowHash(flow.browser),
    provider: provider.name,
    redirectTo,
    codeChallenge,
    sealed: sealFlow(box, flow, provider, fromPage),
    caller,
    client: c.get("client"),
  });
  accepted(begun, bearerStatuses);
  bindBrowser(c, stateHash, flow.browser);
  return c.redirect(url, 302);
}
