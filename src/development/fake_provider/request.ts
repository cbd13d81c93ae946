/** The one client of the fake provider: the development project. */
export interface FakeClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The only place that browsers are sent back to. */
  readonly redirectUri: string;
}

/** What a client asked for (OpenID Connect Core 1.0 section 3.1.2.1). */
export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string | null;
  /** Of PKCE (RFC 7636), S256 alone. */
  readonly challenge: string;
  readonly loginHint: string;
}

/** Null for a request that a provider must not answer with a redirect, or that cannot be answered. */
export function readRequest(
  query: URLSearchParams,
  { clientId, redirectUri }: FakeClient,
): AuthorizationRequest | null {
  const challenge = query.get("code_challenge") ?? "";
  const state = query.get("state") ?? "";
  const isRight =
    query.get("client_id") === clientId &&
    query.get("redirect_uri") === redirectUri &&
    query.get("response_type") === "code" &&
    query.get("code_challenge_method") === "S256" &&
    /^[A-Za-z0-9_-]{43}$/.test(challenge) &&
    state !== "";
  if (!isRight) return null;
  const loginHint = query.get("login_hint") ?? "";
  return { redirectUri, state, nonce: query.get("nonce"), challenge, loginHint };
}
