import { createRoute, z } from "@hono/zod-openapi";
import type { Redeemed } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { redeemableTypes, redeemCode, redeemLink } from "../mail/redeem.ts";
import { newRefreshToken, type RefreshToken } from "../tokens/refresh_token.ts";
import { issueSession } from "../tokens/session_reply.ts";
import { optionalText, requireEmail, requireText } from "./schemas/fields.ts";
import { body, failures, json } from "./schemas/responses.ts";
import { sessionSchema } from "./schemas/session.ts";
import type { App, HttpContext } from "./service.ts";

const verifyBody = z
  .object({
    type: optionalText.openapi({ description: redeemableTypes.join(", ") }),
    email: optionalText.openapi({ description: "With token: the address the code was sent to" }),
    phone: optionalText,
    token: optionalText.openapi({ description: "The typed code" }),
    token_hash: optionalText.openapi({ description: "The token of the link" }),
    redirect_to: optionalText,
  })
  .openapi("Verify");

const halfDone = z
  .object({ msg: z.string(), code: z.string() })
  .openapi("HalfVerified", { description: "The other address of the change must be proved too" });

const route = createRoute({
  method: "post",
  path: "/verify",
  summary: "Redeem what a mail brought: its code, or the token of its link",
  request: body(verifyBody),
  responses: {
    200: json(z.union([sessionSchema, halfDone]), "A session"),
    ...failures(400, 403, 422, 429, 503),
  },
});

export function registerVerify(app: App): void {
  app.openapi(route, async (c) => {
    const refreshToken = newRefreshToken();
    c.set("signIn", "mail");
    const redeemed = await redeem(c, c.req.valid("json"), refreshToken);
    c.get("service").mailQueued();
    if (redeemed.half_done) {
      c.set("signIn", undefined);
      const msg =
        "Confirmation link accepted. Please proceed to confirm link sent to the other email";
      return c.json({ msg, code: "200" }, 200);
    }
    const { claims, user } = redeemed;
    if (!claims || !user) throw new AuthError("unexpected_failure");
    return c.json(await issueSession(c.get("project").issuer, { claims, user }, refreshToken), 200);
  });
}

function redeem(
  c: HttpContext,
  input: z.infer<typeof verifyBody>,
  refreshToken: RefreshToken,
): Promise<Redeemed> {
  const { client } = c.var;
  const { functions, box } = c.get("project");
  const type = requireText(input.type, "type");
  const redemption = { type, refreshHash: refreshToken.hash, client };
  if (input.phone) throw new AuthError("phone_provider_disabled", { status: 400 });
  if (Boolean(input.token) === Boolean(input.token_hash)) {
    throw invalid("Either token or token_hash is required");
  }
  if (input.token_hash) {
    if (input.email) throw invalid("Only the token_hash and type should be provided");
    return redeemLink(functions, input.token_hash, redemption);
  }
  const { email } = requireEmail(input.email);
  const code = requireText(input.token, "token");
  return redeemCode(functions, box, { email, code }, redemption);
}

function invalid(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}
