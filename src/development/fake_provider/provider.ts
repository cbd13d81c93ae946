import { pagePolicy, refusalPage, signInPage } from "./page.ts";
import { readPerson } from "./person.ts";
import { type FakeClient, readRequest } from "./request.ts";
import type { Tokens } from "./tokens.ts";

const paths = {
  metadata: "/.well-known/openid-configuration",
  authorize: "/authorize",
  token: "/token",
  keys: "/jwks",
  user: "/userinfo",
} as const;

/**
 * A provider of OpenID Connect with which everybody is whoever they say: for development, and never for
 * more. It answers under its own address alone, so that no page elsewhere which had its name point to this
 * machine can ask it, and takes the form of its own page alone.
 */
export function fakeProvider(
  issuer: string,
  client: FakeClient,
  tokens: Tokens,
): (request: Request) => Promise<Response> {
  const handlers: Record<string, (request: Request, url: URL) => Promise<Response> | Response> = {
    [`GET ${paths.metadata}`]: () => json(metadataOf(issuer)),
    [`GET ${paths.keys}`]: () => json({ keys: [tokens.publicKey] }),
    [`GET ${paths.authorize}`]: (_, { searchParams }) => askWho(searchParams, client),
    [`POST ${paths.authorize}`]: async (request) => {
      if (request.headers.get("Origin") !== issuer) {
        return page(refusalPage("This form is sent from the page itself."), 403);
      }
      return letIn(new URLSearchParams(await request.text()), { issuer, client, tokens });
    },
    [`POST ${paths.token}`]: async (request) => {
      const reply = await tokens.exchange(new URLSearchParams(await request.text()));
      return json(reply, "error" in reply ? 400 : 200);
    },
    [`GET ${paths.user}`]: ({ headers }) => {
      const accessToken = headers.get("Authorization")?.replace(/^Bearer /i, "") ?? "";
      const person = tokens.holder(accessToken);
      return person ? json(person) : json({ error: "invalid_token" }, 401);
    },
  };
  return async (request) => {
    const url = new URL(request.url);
    if (url.origin !== issuer) return page(refusalPage("This is for this machine alone."), 403);
    const handler = handlers[`${request.method} ${url.pathname}`];
    return handler ? handler(request, url) : page(refusalPage("There is no such page."), 404);
  };
}

function askWho(query: URLSearchParams, client: FakeClient): Response {
  const asked = readRequest(query, client);
  if (!asked) return page(refusalPage(notForUs), 400);
  return page(signInPage({ request: String(query), email: asked.loginHint }));
}

const notForUs =
  "This request cannot be answered: it is not of the project that the fake provider was started for, or of an earlier start.";

function letIn(
  form: URLSearchParams,
  { issuer, client, tokens }: { issuer: string; client: FakeClient; tokens: Tokens },
): Response {
  const request = form.get("request") ?? "";
  const asked = readRequest(new URLSearchParams(request), client);
  if (!asked) return page(refusalPage(notForUs), 400);
  const back = new URL(asked.redirectUri);
  // RFC 9207.
  back.search = String(new URLSearchParams({ state: asked.state, iss: issuer }));
  if (form.get("answer") === "deny") {
    back.searchParams.set("error", "access_denied");
    back.searchParams.set("error_description", "Somebody said no at the fake provider");
    return redirect(back.href);
  }
  const person = readPerson(form);
  if (!person) {
    return page(signInPage({ request, email: "", problem: "Type an address or a subject." }), 400);
  }
  back.searchParams.set("code", tokens.issueCode(asked, person));
  return redirect(back.href);
}

function metadataOf(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: issuer + paths.authorize,
    token_endpoint: issuer + paths.token,
    jwks_uri: issuer + paths.keys,
    userinfo_endpoint: issuer + paths.user,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
    token_endpoint_auth_methods_supported: ["client_secret_post"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
  };
}

function json(body: object, status = 200): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}

function page(html: string, status = 200): Response {
  return new Response(html, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "Content-Security-Policy": pagePolicy,
      // Without a referrer, the form of this page would not say whose it is.
      "Referrer-Policy": "same-origin",
      "X-Content-Type-Options": "nosniff",
    },
  });
}

function redirect(url: string): Response {
  return new Response(null, { status: 303, headers: { Location: url } });
}
