import { createHash, randomBytes } from "node:crypto";
import { type Auth, createAuth } from "../../src/auth.ts";
import { providerSecretUse } from "../../src/database/provider_secret.ts";
import { secretBox } from "../../src/projects/secret_box.ts";
import type { Settings } from "../../src/projects/settings.ts";
import type { Claims, OidcProvider } from "./idp/oidc_provider.ts";
import { createTestProject, type TestProject } from "./project.ts";
import { openService } from "./service.ts";

export const appUrl = "https://app.example/welcome";

export interface ProviderRow {
  readonly name: string;
  readonly kind: string;
  readonly issuer?: string | null;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes?: readonly string[];
  readonly options?: Record<string, unknown>;
}

/** A service that may ask providers on this machine, and does not wait long for them. */
export async function openProviderService(
  providers: { readonly allowPrivate?: boolean; readonly deadline?: number } = {},
  publicUrl?: string,
): Promise<Auth> {
  const service = await openService();
  return createAuth({
    database: service.runtime,
    masterKey: service.masterKey,
    publicUrl: publicUrl ?? service.publicUrl,
    providers: { allowPrivate: true, ...providers },
  });
}

/** A project with a site, and with these providers. */
export async function createProviderProject(
  rows: readonly ProviderRow[] = [],
  settings: Partial<Settings> = {},
): Promise<TestProject> {
  const project = await createTestProject({ site_url: new URL(appUrl).origin, ...settings });
  for (const row of rows) await addProvider(project, row);
  return project;
}

/** One row is all that a further provider needs. */
export async function addProvider(project: TestProject, row: ProviderRow): Promise<void> {
  const { name, kind, issuer = null, clientId, clientSecret, scopes = [], options = {} } = row;
  const sealed = secretBox(project.service.keyring, project.id).seal(
    clientSecret,
    providerSecretUse({ name, kind, issuer, client_id: clientId, options }),
  );
  await project.sql(
    "insert into providers (name, kind, issuer, client_id, sealed, scopes, options) values ($1, $2, $3, $4, $5, $6, $7::jsonb)",
    [name, kind, issuer, clientId, sealed, scopes, JSON.stringify(options)],
  );
}

/** The row of a fake provider of OpenID Connect. */
export function oidcRow(provider: OidcProvider, row: Partial<ProviderRow> = {}): ProviderRow {
  const { issuer, clientId, clientSecret } = provider;
  return { name: "oidc", kind: "oidc", issuer, clientId, clientSecret, ...row };
}

/** Where a browser was led, taken apart. */
export interface Step {
  readonly status: number;
  readonly headers: Headers;
  readonly location: string | null;
  readonly query: Record<string, string>;
  readonly fragment: Record<string, string>;
  readonly text: string;
}

/** As much of a browser as a sign-in needs: it keeps cookies and follows where it is told to. */
export interface Browser {
  readonly cookies: Map<string, string>;
  /** Opens a page of the project's. */
  open(path: string, init?: RequestInit): Promise<Step>;
  /** Opens any URL, the project's by the service itself. */
  visit(url: string, init?: RequestInit): Promise<Step>;
  /** Begins at `/authorize`, is let in by the provider, and comes back: the last step. */
  signIn(query: Record<string, string>): Promise<Step>;
}

export function openBrowser(project: TestProject, auth: Auth): Browser {
  const cookies = new Map<string, string>();
  const visit = async (url: string, init: RequestInit = {}): Promise<Step> => {
    const isOurs = url.startsWith(`${project.authUrl}/`);
    const headers = new Headers(init.headers);
    if (isOurs && cookies.size > 0) {
      headers.set("Cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    }
    const request = { ...init, headers, redirect: "manual" as const };
    const reply = isOurs ? await auth.fetch(new Request(url, request)) : await fetch(url, request);
    if (isOurs) for (const cookie of reply.headers.getSetCookie()) keep(cookies, cookie);
    return stepOf(reply, await reply.text());
  };
  const open = (path: string, init?: RequestInit) => visit(project.authUrl + path, init);
  return {
    cookies,
    open,
    visit,
    async signIn(query) {
      const begun = await open(`/authorize?${new URLSearchParams(query)}`);
      if (begun.status !== 302 || !begun.location) throw new Error(`authorize: ${begun.text}`);
      const provider = await visit(begun.location);
      if (!provider.location) throw new Error(`the provider answered ${provider.text}`);
      return visit(provider.location);
    },
  };
}

export function newVerifier(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

export function verified(email: string, more: Claims = {}): Claims {
  return { sub: randomBytes(8).toString("hex"), email, email_verified: true, ...more };
}

function keep(cookies: Map<string, string>, cookie: string): void {
  const [pair = ""] = cookie.split(";");
  const [name = "", value = ""] = pair.split("=");
  if (/max-age=0/i.test(cookie)) cookies.delete(name);
  else cookies.set(name, value);
}

function stepOf(reply: Response, text: string): Step {
  const location = reply.headers.get("Location");
  const [before = "", fragment = ""] = location?.split("#") ?? [];
  return {
    status: reply.status,
    headers: reply.headers,
    location,
    query: Object.fromEntries(new URLSearchParams(before.split("?")[1] ?? "")),
    fragment: Object.fromEntries(new URLSearchParams(fragment)),
    text,
  };
}
