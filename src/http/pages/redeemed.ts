import type { Redeemed } from "../../database/functions.ts";
import { AuthError } from "../../errors.ts";
import type { AuthorizationCode } from "../../tokens/authorization_code.ts";
import type { RefreshToken } from "../../tokens/refresh_token.ts";
import type { HttpContext } from "../service.ts";
import {
  handCodeOver,
  handOverTarget,
  handSessionOver,
  toSite,
  withFragment,
} from "./hand_over.ts";
import type { PageState } from "./page.ts";

interface Offered {
  readonly refreshToken: RefreshToken;
  readonly code?: AuthorizationCode;
  readonly type: string;
}

const halfDone =
  "Confirmation link accepted. Please proceed to confirm link sent to the other email";

/** Leads on with what a mail's link or code was worth; null where there is nowhere to go. */
export async function leadOn(
  c: HttpContext,
  state: PageState,
  { claims, user, code, half_done: isHalf }: Redeemed,
  offered: Offered,
): Promise<Response | null> {
  const { redirect_to: requested } = state;
  if (isHalf) {
    c.set("signIn", undefined);
    const target = handOverTarget(c, requested);
    return target === null ? toSite(c) : withFragment(c, target, { message: halfDone, sb: "" });
  }
  if (code && offered.code) return handCodeOver(c, requested, offered.code.text);
  if (!claims || !user) throw new AuthError("unexpected_failure");
  const { refreshToken: token, type } = offered;
  return handSessionOver(c, state, { grant: { claims, user }, token, type });
}
