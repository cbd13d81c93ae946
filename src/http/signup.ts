import { createRoute, z } from "@hono/zod-openapi";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { prepareMail } from "../mail/offer.ts";
import { signUp } from "../passwords/sign_up.ts";
import { newRefreshToken } from "../tokens/refresh_token.ts";
import { issueSession } from "../tokens/session_reply.ts";
import { mailFields, mailQuery, readWishes } from "./mail_request.ts";
import { optionalMetadata, optionalText, requireEmail, requireText } from "./schemas/fields.ts";
import { body, failures, json } from "./schemas/responses.ts";
import { sessionSchema } from "./schemas/session.ts";
import { userSchema } from "./schemas/user.ts";
import type { App, HttpContext } from "./service.ts";

const signupBody = z
  .object({
    email: optionalText,
    phone: optionalText,
    password: optionalText,
    data: optionalMetadata.openapi({ description: "Becomes user_metadata" }),
    ...mailFields,
  })
  .openapi("SignUp");

const route = createRoute({
  method: "post",
  path: "/signup",
  summary: "Sign up with an address and a password, or anonymously without both",
  request: { ...body(signupBody), query: mailQuery },
  responses: {
    200: json(
      z.union([sessionSchema, userSchema]),
      "A session; a user without tokens where the address must be confirmed first",
    ),
    ...failures(400, 422, 429, 503),
  },
});

export function registerSignup(app: App): void {
  app.openapi(route, async (c) => {
    const { service, project, client } = c.var;
    if (!project.configuration.signup_enabled) throw new AuthError("signup_disabled");
    const fields = c.req.valid("json");
    if (!fields.email && !fields.phone && !fields.password) {
      return c.json(await signUpAnonymously(c, fields.data ?? null), 200);
    }
    const input = readSignup(fields);
    const wishes = readWishes(c, fields);
    const { id, functions, hasher, box, configuration, passwordPolicy, issuer } = project;
    await service.signupGate.pass(id, client.address, configuration.signups_per_address);

    const token = newRefreshToken();
    const { user, claims } = await signUp(functions, hasher, passwordPolicy, {
      ...input,
      tokenHash: token.hash,
      mail: prepareMail(box, "signup", input.email, wishes),
      client,
    });
    service.mailQueued();
    return c.json(claims ? await issueSession(issuer, { claims, user }, token) : user, 200);
  });
}

async function signUpAnonymously(c: HttpContext, userMetadata: object | null) {
  const { id, functions, configuration, issuer } = c.get("project");
  c.set("signIn", "anonymous");
  if (!configuration.anonymous_users) throw new AuthError("anonymous_provider_disabled");
  const client = c.get("client");
  await c.get("service").signupGate.pass(id, client.address, configuration.signups_per_address);
  const token = newRefreshToken();
  const grant = accepted(
    await functions.signInAnonymously({ userMetadata, tokenHash: token.hash, client }),
  );
  return issueSession(issuer, grant, token);
}

function readSignup({ email, phone, password, data }: z.infer<typeof signupBody>) {
  if (email && phone) {
    throw new AuthError("validation_failed", { message: "Only an email address or phone number" });
  }
  if (phone) throw new AuthError("phone_provider_disabled", { status: 400 });
  return {
    ...requireEmail(email),
    password: requireText(password, "Signup password"),
    userMetadata: data ?? null,
  };
}
