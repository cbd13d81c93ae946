import { createRoute, z } from "@hono/zod-openapi";
import { AuthError } from "../errors.ts";
import { openTokens } from "../oauth/provider_tokens.ts";
import { signIn } from "../passwords/sign_in.ts";
import { exchangeCode } from "../tokens/authorization_code.ts";
import { refreshSession } from "../tokens/refresh.ts";
import { newRefreshToken } from "../tokens/refresh_token.ts";
import { issueSession, type SessionReply } from "../tokens/session_reply.ts";
import { grantIdToken } from "./id_token_grant.ts";
import { optionalText, requireEmail, requireText } from "./schemas/fields.ts";
import { body, failures, json } from "./schemas/responses.ts";
import { sessionSchema } from "./schemas/session.ts";
import type { App, HttpContext } from "./service.ts";

const tokenBody = z
  .object({
    email: optionalText,
    phone: optionalText,
    password: optionalText,
    refresh_token: optionalText,
    auth_code: optionalText,
    code_verifier: optionalText,
    provider: optionalText.openapi({ description: "Whose id_token it is" }),
    id_token: optionalText,
    access_token: optionalText.openapi({ description: "That came with the id_token" }),
    nonce: optionalText.openapi({
      description: "Which the id_token holds, or SHA-256 of it in hex",
    }),
    client_id: optionalText.openapi({ description: "With issuer, instead of provider" }),
    issuer: optionalText,
    link_identity: z.boolean().nullish().openapi({
      description: "Link it to the user of the bearer, instead of signing in",
    }),
  })
  .openapi("TokenRequest");

type TokenBody = z.infer<typeof tokenBody>;

const route = createRoute({
  method: "post",
  path: "/token",
  summary: "Sign in with a password, or refresh",
  description:
    "Without grant_type, or with password: email and password. With refresh_token: as POST /refresh. With pkce: auth_code and code_verifier. With id_token: what a kit of the provider gave the app. The password grant is this service's own sign-in, not OAuth's grant for third parties.",
  request: { ...body(tokenBody), query: z.object({ grant_type: z.string().optional() }) },
  responses: { 200: json(sessionSchema, "A session"), ...failures(400, 401, 404, 422, 429, 503) },
});

const grants: Record<string, (c: HttpContext, body: TokenBody) => Promise<SessionReply>> = {
  password: grantPassword,
  refresh_token: grantRefresh,
  pkce: grantCode,
  id_token: grantIdToken,
};

const laterGrants = ["web3"];

export function registerToken(app: App): void {
  app.openapi(route, async (c) => {
    const { grant_type: type = "password" } = c.req.valid("query");
    const grant = Object.hasOwn(grants, type) ? grants[type] : undefined;
    if (!grant) throw unsupported(type);
    return c.json(await grant(c, c.req.valid("json")), 200);
  });
}

async function grantPassword(c: HttpContext, body: TokenBody): Promise<SessionReply> {
  const { project, client } = c.var;
  c.set("signIn", "password");
  if (body.phone) throw new AuthError("phone_provider_disabled");
  const { email } = requireEmail(body.email);
  const password = requireText(body.password, "password");
  const token = newRefreshToken();
  const { cost } = project.passwordPolicy;
  const granted = await signIn(project.functions, project.hasher, cost, {
    email,
    password,
    tokenHash: token.hash,
    client,
  });
  return issueSession(project.issuer, granted, token);
}

async function grantRefresh(c: HttpContext, body: TokenBody): Promise<SessionReply> {
  const { project, client } = c.var;
  const presented = requireText(body.refresh_token, "refresh_token");
  return refreshSession(project.functions, project.issuer, presented, client);
}

async function grantCode(c: HttpContext, body: TokenBody): Promise<SessionReply> {
  const { project, client } = c.var;
  const code = requireText(body.auth_code, "auth_code");
  const verifier = requireText(body.code_verifier, "code_verifier");
  const token = newRefreshToken();
  const session = { refreshHash: token.hash, client };
  const granted = await exchangeCode(project.functions, code, verifier, session);
  const issued = await issueSession(project.issuer, granted, token);
  const { provider_tokens: sealed } = granted;
  return sealed ? { ...issued, ...openTokens(project.box, Buffer.from(sealed, "hex")) } : issued;
}

function unsupported(type: string): AuthError {
  if (laterGrants.includes(type)) return new AuthError("feature_disabled");
  return new AuthError("invalid_credentials", { message: "unsupported_grant_type" });
}
