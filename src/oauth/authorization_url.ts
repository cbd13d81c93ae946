import { createHash } from "node:crypto";
import { unreachable } from "./failures.ts";
import type { NewFlow } from "./flow.ts";
import type { Preset } from "./preset.ts";
import type { Provider } from "./provider.ts";
import type { Remote } from "./remote.ts";

/** What an app wants to have asked of the provider. */
export interface AuthorizationWishes {
  readonly scopes: readonly string[];
  /** Passed on, except those that are this service's to say. */
  readonly parameters: Readonly<Record<string, string>>;
}

// Whoever could set these would choose who gets the code, what it is good for, or how it is judged.
const reserved = new Set([
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "code",
  "code_challenge",
  "code_challenge_method",
  "code_verifier",
  "dpop_jkt",
  "grant_type",
  "iss",
  "nonce",
  "redirect_uri",
  "registration",
  "request",
  "request_uri",
  "response",
  "response_mode",
  "response_type",
  "scope",
  "state",
]);

/**
 * Where a browser is sent: the provider's authorization endpoint (RFC 6749 section 4.1.1), with a PKCE
 * challenge always.
 *
 * @throws AuthError service_unavailable, unexpected_failure
 */
export async function authorizationUrl(
  { preset, provider, remote }: { preset: Preset; provider: Provider; remote: Remote },
  flow: NewFlow,
  { redirectUri, wishes }: { redirectUri: string; wishes: AuthorizationWishes },
): Promise<string> {
  const { authorization_endpoint: endpoint } = await preset.server(provider, remote);
  if (!endpoint) throw unreachable(provider, "its metadata", new Error("no endpoint"));
  const url = new URL(endpoint);
  const usual = provider.scopes.length > 0 ? provider.scopes : preset.scopes;
  const scopes = new Set([...(preset.idTokens ? ["openid"] : []), ...usual, ...wishes.scopes]);
  const parameters = {
    ...forwarded(wishes.parameters),
    ...preset.parameters,
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: redirectUri,
    scope: [...scopes].join(" "),
    state: flow.state,
    ...(preset.idTokens ? { nonce: flow.nonce } : {}),
    code_challenge: createHash("sha256").update(flow.verifier).digest("base64url"),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

function forwarded(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const admitted = Object.entries(parameters).filter(([name]) => !reserved.has(name.toLowerCase()));
  return Object.fromEntries(admitted);
}
