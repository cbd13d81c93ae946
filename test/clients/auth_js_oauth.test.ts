import { randomUUID } from "node:crypto";
import type { GoTrueClient } from "@supabase/auth-js";
import { GoTrueClient as Client } from "@supabase/auth-js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import { memoryStorage } from "../support/auth_js.ts";
import { type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import {
  appUrl,
  createProviderProject,
  oidcRow,
  openBrowser,
  openProviderService,
  type Step,
  verified,
} from "../support/oauth.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";

let idp: OidcProvider;
let auth: Auth;
let project: TestProject;

beforeAll(async () => {
  idp = await startOidcProvider();
  auth = await openProviderService();
  project = await createProviderProject([oidcRow(idp, { name: "google" })]);
  await project.sql("update settings set manual_linking = true, email_confirmation = 'off'");
});
afterAll(async () => {
  await auth.close();
  await idp.close();
});
beforeEach(() => idp.signedIn(verified(freshEmail())));

function app(flowType: "pkce" | "implicit"): GoTrueClient {
  return new Client({
    url: project.authUrl,
    storage: memoryStorage(),
    storageKey: `auth-${randomUUID()}`,
    autoRefreshToken: false,
    detectSessionInUrl: false,
    flowType,
    fetch: async (input, init) => auth.fetch(new Request(input as string, init)),
  });
}

/** Opens the URL in the app's browser, as far as the app. */
async function follow(url: string | null | undefined): Promise<Step> {
  const browser = openBrowser(project, auth);
  const ours = await browser.visit(String(url));
  const provider = await browser.visit(String(ours.location));
  return browser.visit(String(provider.location));
}

const options = { redirectTo: appUrl, skipBrowserRedirect: true };

async function signedIn(flowType: "pkce" | "implicit" = "pkce") {
  const client = app(flowType);
  const { data, error } = await client.signUp({ email: freshEmail(), password: goodPassword });
  expect(error).toBeNull();
  await project.sql("update users set email_confirmed_at = now()");
  return { client, id: data.user?.id };
}

describe("an app on @supabase/auth-js", () => {
  it("signs in with a provider by PKCE, and has the provider's tokens once", async () => {
    const client = app("pkce");
    const scopes = { ...options, scopes: "calendar", queryParams: { prompt: "consent" } };
    const begun = await client.signInWithOAuth({ provider: "google", options: scopes });
    expect(begun.data.url).toMatch(`${project.authUrl}/authorize?provider=google`);
    const { query } = await follow(begun.data.url);
    expect(idp.lastRequest.get("prompt")).toBe("consent");
    expect(idp.lastRequest.get("scope")).toBe("openid email profile calendar");
    const { data, error } = await client.exchangeCodeForSession(String(query.code));
    expect(error).toBeNull();
    expect(data.session?.provider_token).toMatch(/^[0-9a-f]{32}$/);
    expect(data.session?.provider_refresh_token).toMatch(/^refresh-/);
    const user = await client.getUser();
    expect(user.data.user?.app_metadata.provider).toBe("google");
    const refreshed = await client.refreshSession();
    expect(refreshed.data.session?.provider_token).toBeUndefined();
    const again = await client.exchangeCodeForSession(String(query.code));
    expect(again.error).not.toBeNull();
  });

  it("signs in with a provider without PKCE, by what stands in the fragment", async () => {
    const client = app("implicit");
    const { data } = await client.signInWithOAuth({ provider: "google", options });
    const { fragment } = await follow(data.url);
    const set = await client.setSession({
      access_token: String(fragment.access_token),
      refresh_token: String(fragment.refresh_token),
    });
    expect(set.error).toBeNull();
    expect(set.data.user?.identities).toMatchObject([{ provider: "google" }]);
  });

  it("hears what went wrong", async () => {
    idp.misbehave({ answer: { code: undefined, error: "access_denied" } });
    const { data } = await app("pkce").signInWithOAuth({ provider: "google", options });
    const { query, fragment } = await follow(data.url);
    expect(query).toMatchObject({ error: "access_denied", error_code: "bad_oauth_callback" });
    expect(fragment).toMatchObject(query);
    idp.misbehave({});
  });

  it("signs in with an ID token, and hears when it is none", async () => {
    const client = app("pkce");
    const nonce = randomUUID();
    const token = await idp.idToken({ nonce });
    const { data, error } = await client.signInWithIdToken({ provider: "google", token, nonce });
    expect(error).toBeNull();
    expect(data.user?.identities).toMatchObject([{ provider: "google" }]);
    const bad = await client.signInWithIdToken({ provider: "google", token: "a.b.c" });
    expect(bad.error).toMatchObject({ status: 400, message: "Bad ID token" });
    const apple = await client.signInWithIdToken({ provider: "apple", token });
    expect(apple.error).toMatchObject({ status: 400, code: "provider_disabled" });
  });

  it("links an identity by PKCE, lists what there is, and unlinks it", async () => {
    const { client, id } = await signedIn();
    const { data, error } = await client.linkIdentity({ provider: "google", options });
    expect(error).toBeNull();
    const { query } = await follow(data.url);
    const linked = await client.exchangeCodeForSession(String(query.code));
    expect(linked.error).toBeNull();
    expect(linked.data.user?.id).toBe(id);
    const { data: listed } = await client.getUserIdentities();
    expect(listed?.identities.map(({ provider }) => provider)).toEqual(["email", "google"]);
    const [email, google] = listed?.identities ?? [];
    if (!email || !google) throw new Error("there are not two identities");
    expect((await client.unlinkIdentity(google)).error).toBeNull();
    expect((await client.unlinkIdentity(email)).error).toMatchObject({
      status: 422,
      code: "single_identity_not_deletable",
    });
    expect((await client.getUserIdentities()).data?.identities).toHaveLength(1);
  });

  it("links an identity by an ID token", async () => {
    const { client, id } = await signedIn();
    const token = await idp.idToken();
    const { data, error } = await client.linkIdentity({ provider: "google", token });
    expect(error).toBeNull();
    expect(data.user?.id).toBe(id);
    expect((await client.getUserIdentities()).data?.identities).toHaveLength(2);
  });

  it("is told to use PKCE when it would link without", async () => {
    const { client } = await signedIn("implicit");
    const { error } = await client.linkIdentity({ provider: "google", options });
    expect(error).toMatchObject({ status: 400, code: "validation_failed" });
    expect(error?.message).toContain("flowType pkce");
  });
});
