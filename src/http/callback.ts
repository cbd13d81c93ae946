import { createRoute, z } from "@hono/zod-openapi";
import type { OAuthFlow } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { exchangeAnswer } from "../oauth/exchange.ts";
import { type FlowSecrets, flowHash, openFlow } from "../oauth/flow.ts";
import { logRefusedAnswer } from "./answer_log.ts";
import { enterWithIdentity } from "./enter_with_identity.ts";
import { readRefusal } from "./errors.ts";
import { boundBrowser, unbindBrowser } from "./flow_cookie.ts";
import { leadBack, leadBackWithError } from "./lead_back.ts";
import { callbackUrl, requireProvider } from "./oauth_provider.ts";
import { readForm } from "./pages/form.ts";
import { endOnPage, orPage, refusedAnswerPage } from "./pages/provider_answer.ts";
import { admittedRedirect, redirectRules, redirectTarget } from "./redirects.ts";
import { failures } from "./schemas/responses.ts";
import type { App, HttpContext } from "./service.ts";

const answerNames = ["code", "state", "iss", "error"] as const;

const answer = z.object({
  state: z.string().optional(),
  code: z.string().optional(),
  iss: z.string().optional().openapi({ description: "RFC 9207" }),
  error: z.string().optional(),
});

const getRoute = createRoute({
  method: "get",
  path: "/callback",
  summary: "Where a provider sends a browser back to",
  request: { query: answer },
  responses: {
    302: { description: "To the app, with a session, a code or an error" },
    ...failures(400, 429, 503),
  },
});

const postRoute = createRoute({
  method: "post",
  path: "/callback",
  summary: "Where a provider sends a browser back to that answers with a form",
  request: { body: { content: { "application/x-www-form-urlencoded": { schema: answer } } } },
  responses: { 303: { description: "To GET /callback with the same" }, ...failures(400) },
});

/** Before the reader of JSON bodies, since a provider sends a form. */
export function registerCallback(app: App): void {
  app.openapi(getRoute, async (c) => (await orPage(c, comeBack)) as never);
  app.openAPIRegistry.registerPath(postRoute);
  app.post("/callback", (c) => orPage(c, repeatAsGet));
}

// The browser's cookie is not sent along with a form from another site, but is with a navigation.
async function repeatAsGet(c: HttpContext): Promise<Response> {
  const form = await readForm(c);
  const query = new URLSearchParams();
  for (const name of answerNames) if (form[name]) query.set(name, form[name]);
  const { pathname } = new URL(callbackUrl(c));
  return c.redirect(`${pathname}?${query}`, 303);
}

async function comeBack(c: HttpContext): Promise<Response> {
  const { functions } = c.get("project");
  const state = c.req.query("state");
  const stateHash = flowHash(state ?? "");
  const browser = boundBrowser(c, stateHash);
  if (!state || !browser) throw new AuthError("bad_oauth_state");
  const flow = accepted(
    await functions.takeOAuthFlow({ stateHash, browserHash: flowHash(browser) }),
  );
  unbindBrowser(c, stateHash);
  const rules = redirectRules(c);
  const target = admittedRedirect(rules, flow.redirect_to);
  if (target === null && flow.redirect_to !== null) {
    const refusal = new AuthError("validation_failed", { message: "redirect_to is not admitted" });
    const site = redirectTarget(rules, null);
    if (site === null) throw refusal;
    return leadBackWithError(c, site, refusal);
  }
  let secrets: FlowSecrets | undefined;
  try {
    secrets = openFlow(c.get("project").box, Buffer.from(flow.sealed, "hex"));
    const entered = await finish(c, flow, secrets);
    if (target !== null) return leadBack(c, target, entered);
    return await endOnPage(c, entered.fragment?.refresh_token ?? "");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (secrets?.fromPage || target === null) return refusedAnswerPage(c, flow, error);
    return leadBackWithError(c, target, readRefusal(error, c));
  }
}

async function finish(c: HttpContext, flow: OAuthFlow, secrets: FlowSecrets) {
  if (!flow.session_id) c.set("signIn", "provider");
  const reachable = await requireProvider(c, flow.provider);
  const { provider } = reachable;
  const isSame = secrets.clientId === provider.clientId && secrets.issuer === provider.issuer;
  if (!isSame) throw new AuthError("bad_oauth_callback");
  const exchanged = await exchangeAnswer(reachable, new URL(c.req.url).searchParams, {
    secrets,
    redirectUri: callbackUrl(c),
  }).catch((error: unknown) => {
    logRefusedAnswer(c, provider, error);
    throw error;
  });
  return enterWithIdentity(c, provider, exchanged, flow);
}
