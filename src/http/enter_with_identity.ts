import type { OAuthFlow, Redeemed } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { canonicalEmail } from "../emails/canonical.ts";
import { AuthError } from "../errors.ts";
import type { Exchanged } from "../oauth/exchange.ts";
import { provedIdentity } from "../oauth/proved_identity.ts";
import type { Provider } from "../oauth/provider.ts";
import { sealTokens } from "../oauth/provider_tokens.ts";
import { newAuthorizationCode } from "../tokens/authorization_code.ts";
import { newRefreshToken } from "../tokens/refresh_token.ts";
import { issueSession } from "../tokens/session_reply.ts";
import { bearerStatuses } from "./bearer.ts";
import type { HttpContext } from "./service.ts";

/**
 * Signs in, or links, by what a provider has proved. The app is told in the fragment, or gets a code
 * where it sent a PKCE challenge.
 *
 * @throws AuthError
 */
export async function enterWithIdentity(
  c: HttpContext,
  provider: Provider,
  { person, tokens }: Exchanged,
  flow: OAuthFlow,
) {
  const { functions, box, issuer } = c.get("project");
  const token = newRefreshToken();
  const code = newAuthorizationCode();
  const entrance = {
    identity: provedIdentity(provider, person, canonicalEmail),
    refreshHash: token.hash,
    code: flow.code_challenge
      ? {
          hash: code.hash.toString("hex"),
          challenge: flow.code_challenge,
          tokens: sealTokens(box, tokens).toString("hex"),
        }
      : null,
    client: c.get("client"),
  };
  const { session_id: sessionId, user_id: userId } = flow;
  const caller = sessionId && userId ? { sessionId, userId } : null;
  const entered: Redeemed = accepted(
    caller
      ? await functions.linkIdentity({ ...entrance, caller })
      : await functions.signInWithIdentity(entrance),
    bearerStatuses,
  );
  if (entered.code) return { query: { code: code.text } };

  const { claims, user } = entered;
  if (!claims || !user) throw new AuthError("unexpected_failure");
  const issued = await issueSession(issuer, { claims, user }, token);
  const { access_token, expires_at, expires_in, refresh_token, token_type } = issued;
  return {
    fragment: {
      access_token,
      expires_at: String(expires_at),
      expires_in: String(expires_in),
      ...tokens,
      refresh_token,
      sb: "",
      token_type,
    },
  };
}
