import { createRoute, z } from "@hono/zod-openapi";
import { AuthError } from "../errors.ts";
import { codeMacs, parseCode, parseOneTimeToken } from "../mail/one_time_token.ts";
import { askForRecovery } from "../mail/request.ts";
import { resetByCode, resetByLink } from "../passwords/reset.ts";
import { newRefreshToken } from "../tokens/refresh_token.ts";
import { issueSession, type SessionReply } from "../tokens/session_reply.ts";
import { mailFields, mailQuery, readMailRequest } from "./mail_request.ts";
import { optionalText, requireEmail, requireText } from "./schemas/fields.ts";
import { body, emptyObject, failures, json } from "./schemas/responses.ts";
import { sessionSchema } from "./schemas/session.ts";
import type { App, HttpContext } from "./service.ts";

const recoverBody = z.object({ email: optionalText, ...mailFields }).openapi("Recover");

const resetBody = z
  .object({
    email: optionalText,
    token: optionalText.openapi({ description: "The token of the mail's link" }),
    code: optionalText.openapi({ description: "The mail's code, with its email" }),
    password: optionalText.openapi({ description: "The new password" }),
    ...mailFields,
  })
  .openapi("Reset");

const resetRoute = createRoute({
  method: "post",
  path: "/reset",
  summary: "Ask for a recovery mail, or set a new password by what it brought",
  description:
    "With email alone: asks for the mail; the answer does not tell whether anybody has the address. With password and token, or password, email and code: sets the password, ends every other session and signs in.",
  request: { ...body(resetBody), query: mailQuery },
  responses: {
    200: json(
      z.union([sessionSchema, emptyObject]),
      "A session; nothing where a mail was asked for",
    ),
    ...failures(400, 403, 422, 429, 503),
  },
});

const recoverRoute = createRoute({
  method: "post",
  path: "/recover",
  summary: "Ask for a recovery mail",
  description: "As POST /reset with an email alone, for GoTrue's clients.",
  request: { ...body(recoverBody), query: mailQuery },
  responses: { 200: json(emptyObject, "Always"), ...failures(400, 429, 503) },
});

export function registerRecovery(app: App): void {
  app.openapi(recoverRoute, async (c) => {
    await ask(c, c.req.valid("json"));
    return c.json({}, 200);
  });
  app.openapi(resetRoute, async (c) => {
    const input = c.req.valid("json");
    if (!input.password && !input.token && !input.code) {
      await ask(c, input);
      return c.json({}, 200);
    }
    return c.json(await complete(c, input), 200);
  });
}

async function ask(c: HttpContext, input: z.infer<typeof recoverBody>): Promise<void> {
  const request = readMailRequest(c, input);
  await askForRecovery(request, requireEmail(input.email).email);
  c.get("service").mailQueued();
}

async function complete(c: HttpContext, input: z.infer<typeof resetBody>): Promise<SessionReply> {
  const { service, project, client } = c.var;
  const { functions, hasher, passwordPolicy, issuer } = project;
  const refreshToken = newRefreshToken();
  const reset = {
    password: requireText(input.password, "password"),
    refreshHash: refreshToken.hash,
    client,
  };
  const granted = input.token
    ? await resetByLink(functions, hasher, passwordPolicy, linkHash(input.token), reset)
    : await resetByCode(functions, hasher, passwordPolicy, readCode(c, input), reset);
  service.mailQueued();
  return issueSession(issuer, granted, refreshToken);
}

function linkHash(token: string): Buffer {
  const parsed = parseOneTimeToken(token);
  if (!parsed) throw new AuthError("otp_expired");
  return parsed.hash;
}

function readCode(c: HttpContext, input: z.infer<typeof resetBody>) {
  const { email } = requireEmail(input.email);
  const code = parseCode(requireText(input.code, "code"));
  if (!code) throw new AuthError("otp_expired");
  const { box } = c.get("project");
  return { email, macs: codeMacs(box, { purpose: "recovery", subject: email }, code) };
}
