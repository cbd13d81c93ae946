import { redeemLink } from "../../mail/redeem.ts";
import { newAuthorizationCode } from "../../tokens/authorization_code.ts";
import { newRefreshToken } from "../../tokens/refresh_token.ts";
import { readRefusal } from "../errors.ts";
import { redirectRules, redirectTarget } from "../redirects.ts";
import type { HttpContext } from "../service.ts";
import { withFragment } from "./hand_over.ts";
import { leadOn } from "./redeemed.ts";

const errorNames: Record<number, string> = {
  400: "invalid_request",
  401: "unauthorized_client",
  403: "access_denied",
  500: "server_error",
};

/**
 * `GET /verify` as GoTrue has it, where a project turned `verify_on_get` on: the first GET consumes the
 * link, whoever sends it, and leads to the app with a session, a code or an error. Null where there is
 * nowhere to go.
 *
 * @throws AuthError what the link was refused with, where there is nowhere to go and say it
 */
export async function verifyOnGet(c: HttpContext): Promise<Response | null> {
  const { token = "", type = "", redirect_to: requested } = c.req.query();
  const refreshToken = newRefreshToken();
  const code = newAuthorizationCode();
  const { functions } = c.get("project");
  c.set("signIn", "mail");
  try {
    const redeemed = await redeemLink(functions, token, {
      type,
      refreshHash: refreshToken.hash,
      codeHash: code.hash,
      client: c.get("client"),
    });
    c.get("service").mailQueued();
    return await leadOn(c, { redirect_to: requested }, redeemed, { refreshToken, code, type });
  } catch (error) {
    const target = redirectTarget(redirectRules(c), requested);
    if (target === null || !(error instanceof Error)) throw error;
    const refusal = readRefusal(error, c);
    const fallback = refusal.status < 500 ? "invalid_request" : "server_error";
    return withFragment(c, target, {
      error: errorNames[refusal.status] ?? fallback,
      error_code: refusal.code,
      error_description: refusal.message,
      sb: "",
    });
  }
}
