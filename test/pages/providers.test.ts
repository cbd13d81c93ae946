import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import { type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import {
  addProvider,
  appUrl,
  type Browser,
  createProviderProject,
  newVerifier,
  oidcRow,
  openBrowser,
  openProviderService,
  type Step,
  verified,
} from "../support/oauth.ts";
import { openPage, type PageReply } from "../support/pages.ts";
import { createTestProject, freshEmail, type TestProject } from "../support/project.ts";

const html = { headers: { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };
const hostile = `<script>alert(1)</script>`;

let idp: OidcProvider;
let auth: Auth;
beforeAll(async () => {
  idp = await startOidcProvider();
  auth = await openProviderService();
});
afterAll(async () => {
  await auth.close();
  await idp.close();
});

function buttons({ html: text }: PageReply): [string, string][] {
  return [...text.matchAll(/<a class="button" href="([^"]*)">([^<]*)<\/a>/g)].map(
    ([, href = "", label = ""]) => [label, href.replaceAll("&amp;", "&")],
  );
}

function row(name: string, kind: string, options = {}) {
  return { name, kind, clientId: "client", clientSecret: "secret", options };
}

/** Presses a button of a page, is let in by the provider, and comes back: the last step. */
async function press(project: TestProject, browser: Browser, query: Record<string, string>) {
  const page = await openPage(project, `/sign-in?${new URLSearchParams(query)}`);
  const [[, href = ""] = []] = buttons(page);
  const path = href.slice(new URL(project.authUrl).pathname.length);
  const begun = await browser.open(path, html);
  const provider = await browser.visit(begun.location ?? "");
  return browser.visit(provider.location ?? "", html);
}

function said({ text }: Step): { title?: string; alert?: string; back?: string } {
  return {
    title: /<h1>(.*)<\/h1>/.exec(text)?.[1],
    alert: /<p role="alert">(.*)<\/p>/.exec(text)?.[1],
    back: /<p><a href="([^"]*)">Back to sign-in/.exec(text)?.[1]?.replaceAll("&amp;", "&"),
  } as { title: string; alert: string; back: string };
}

describe("the buttons of providers", () => {
  it("are there as they were set, under the names that people know, on both pages", async () => {
    const project = await createTestProject({ site_url: appUrl });
    expect(buttons(await openPage(project, "/sign-in"))).toEqual([]);
    const other = await createTestProject({ site_url: appUrl });
    for (const name of ["intranet", "github", "google"]) {
      await addProvider(other, row(name, name === "intranet" ? "oidc" : name));
    }
    const path = new URL(other.authUrl).pathname;
    for (const page of ["/sign-in", "/sign-up"]) {
      expect(buttons(await openPage(other, page))).toEqual([
        ["Continue with intranet", `${path}/authorize?provider=intranet&from_page=true`],
        ["Continue with GitHub", `${path}/authorize?provider=github&from_page=true`],
        ["Continue with Google", `${path}/authorize?provider=google&from_page=true`],
      ]);
    }
    const german = { headers: { "Accept-Language": "de" } };
    const [, [label] = []] = buttons(await openPage(other, "/sign-in", german));
    expect(label).toBe("Weiter mit GitHub");
  });

  it("tell two of one kind apart, and lead to none that this release does not know", async () => {
    const project = await createTestProject();
    await addProvider(project, row("google", "google"));
    await addProvider(project, row("google-staff", "google"));
    await addProvider(project, row("later", "of_a_later_release"));
    const labels = buttons(await openPage(project, "/sign-in")).map(([label]) => label);
    expect(labels).toEqual([
      "Continue with Google (google)",
      "Continue with Google (google-staff)",
    ]);
  });

  it("carry along what the app asked for, and are loaded from nowhere", async () => {
    const project = await createProviderProject([row("google", "google")]);
    const { challenge } = newVerifier();
    const asked = { redirect_to: appUrl, code_challenge: challenge, code_challenge_method: "s256" };
    const page = await openPage(project, `/sign-in?${new URLSearchParams(asked)}`);
    const [[, href = ""] = []] = buttons(page);
    expect(Object.fromEntries(new URLSearchParams(href.split("?")[1]))).toEqual({
      provider: "google",
      from_page: "true",
      ...asked,
    });
    expect(page.html).not.toMatch(/<img|<svg|src=|url\(/);
    // A link is no form: the policy for forms names no provider.
    expect(page.headers.get("Content-Security-Policy")).toContain(
      "form-action 'self' https://app.example;",
    );
  });

  it("are not there where nobody can sign up", async () => {
    const project = await createTestProject({ signup_enabled: false });
    await addProvider(project, row("google", "google"));
    expect(buttons(await openPage(project, "/sign-up"))).toEqual([]);
    expect(buttons(await openPage(project, "/sign-in"))).toHaveLength(1);
  });
});

describe("a sign-in by a button", () => {
  it("hands the session to the app, or a code where the app sent a challenge", async () => {
    const project = await createProviderProject([oidcRow(idp)]);
    idp.signedIn(verified(freshEmail()));
    const led = await press(project, openBrowser(project, auth), { redirect_to: appUrl });
    expect([led.status, led.location?.split("#")[0]]).toEqual([302, appUrl]);
    expect(led.fragment.access_token).toBeTruthy();
    // What is ours to know is not the provider's.
    expect(idp.lastRequest.has("from_page")).toBe(false);

    const { verifier, challenge } = newVerifier();
    const coded = await press(project, openBrowser(project, auth), {
      redirect_to: appUrl,
      code_challenge: challenge,
      code_challenge_method: "s256",
    });
    const exchanged = await project.post("/token?grant_type=pkce", {
      auth_code: coded.query.code,
      code_verifier: verifier,
    });
    expect(exchanged.status).toBe(200);
  });

  it("leaves no session where the project has no site, and says that it is done", async () => {
    const project = await createTestProject();
    await addProvider(project, oidcRow(idp));
    const email = freshEmail();
    idp.signedIn(verified(email));
    const led = await press(project, openBrowser(project, auth), {});
    expect([led.status, led.location, said(led).title]).toEqual([200, null, "All done"]);
    expect(await project.sql("select email from users")).toEqual([{ email }]);
    expect(
      await project.sql("select count(*)::int as open from sessions where revoked_at is null"),
    ).toEqual([{ open: 0 }]);
    // An app that has a way of its own must still say where.
    const app = await openBrowser(project, auth).open("/authorize?provider=oidc");
    expect([app.status, JSON.parse(app.text).error_code]).toEqual([400, "validation_failed"]);
  });

  it("that the provider refuses comes back to a page, which says nothing of the provider's (case 87)", async () => {
    const project = await createProviderProject([oidcRow(idp, { name: "acme" })]);
    const denied = { code: undefined, error: "access_denied", error_description: hostile };
    idp.misbehave({ answer: denied });
    const { challenge } = newVerifier();
    const asked = { redirect_to: appUrl, code_challenge: challenge, code_challenge_method: "s256" };
    const led = await press(project, openBrowser(project, auth), asked);
    expect([led.status, led.location, led.headers.get("Content-Type")]).toEqual([
      403,
      null,
      "text/html; charset=UTF-8",
    ]);
    const { title, alert, back } = said(led);
    expect([title, alert]).toEqual([
      "This did not work",
      "acme did not sign you in, or you said no there.",
    ]);
    expect(back).toBe(`${new URL(project.authUrl).pathname}/sign-in?${new URLSearchParams(asked)}`);
    expect(led.text).not.toMatch(/alert\(1\)|access_denied/);
    expect(led.headers.get("Content-Security-Policy")).toMatch(/^default-src 'none'; /);

    idp.misbehave({ answer: { ...denied, error: hostile } });
    const other = await press(project, openBrowser(project, auth), asked);
    expect([other.status, said(other).alert]).toEqual([
      400,
      "The answer of acme cannot be used. Try again.",
    ]);
    expect(other.text).not.toContain("alert(1)");

    // An app that began by itself is told, as it was before there were pages.
    idp.misbehave({ answer: denied });
    const told = await openBrowser(project, auth).signIn({
      provider: "acme",
      redirect_to: appUrl,
    });
    expect(told.query).toMatchObject({ error: "access_denied", error_code: "bad_oauth_callback" });
    idp.misbehave({});
  });

  it("asks whoever has an account to sign in as before, where linking is the user's to ask", async () => {
    for (const [manual_linking, more] of [
      [true, ", and link oidc to your account then."],
      [false, "."],
    ] as const) {
      const settings = { identity_linking: "manual", manual_linking } as const;
      const project = await createProviderProject([oidcRow(idp)], settings);
      const email = freshEmail();
      await project.signUp({ email });
      idp.signedIn(verified(email));
      const led = await press(project, openBrowser(project, auth), { redirect_to: appUrl });
      const { alert, back } = said(led);
      expect([led.status, alert]).toEqual([
        422,
        `There is an account with the address that oidc has of you. Sign in as you did before${more}`,
      ]);
      expect(back).toContain("/sign-in?redirect_to=https%3A%2F%2Fapp.example%2Fwelcome");
      expect(await project.sql("select provider from identities")).toEqual([{ provider: "email" }]);
    }
  });

  it("says that nobody can sign up, and that a provider is away", async () => {
    const project = await createProviderProject([oidcRow(idp)], { signup_enabled: false });
    idp.signedIn(verified(freshEmail()));
    const closed = await press(project, openBrowser(project, auth), {});
    expect([closed.status, said(closed).alert]).toEqual([
      422,
      "New accounts cannot be created here.",
    ]);
    idp.misbehave({ replies: { "/token": () => ({ status: 503 }) } });
    const away = await press(project, openBrowser(project, auth), {});
    expect([away.status, said(away).alert?.startsWith("The service cannot answer now")]).toEqual([
      503,
      true,
    ]);
    expect(away.headers.get("Retry-After")).toBe("1");
    idp.misbehave({});
    const gone = await createProviderProject([
      { ...row("gone", "oidc"), issuer: "http://127.0.0.1:1" },
    ]);
    const begun = await openBrowser(gone, auth).open("/authorize?provider=gone", html);
    expect([begun.status, said(begun).back]).toEqual([
      503,
      `${new URL(gone.authUrl).pathname}/sign-in`,
    ]);
  });
});

describe("an answer that belongs to no sign-in of this browser", () => {
  it("is refused on a page, and to a program as JSON (case 75)", async () => {
    const project = await createProviderProject([oidcRow(idp)]);
    idp.signedIn(verified(freshEmail()));
    const theirs = openBrowser(project, auth);
    const begun = await theirs.open("/authorize?provider=oidc");
    const answer = (await theirs.visit(begun.location ?? "")).location ?? "";
    for (const url of [answer, `${project.authUrl}/callback?error=${hostile}&state=x`]) {
      const led = await openBrowser(project, auth).visit(url, html);
      expect([led.status, led.location, said(led).title]).toEqual([400, null, "This did not work"]);
      expect(said(led).alert).toContain("begun in another browser");
      expect(led.text).not.toContain("alert(1)");
    }
    const program = await openBrowser(project, auth).visit(answer);
    expect([program.status, JSON.parse(program.text).error_code]).toEqual([400, "bad_oauth_state"]);
    expect(await project.sql("select id from users")).toEqual([]);
  });

  it("is JSON where the project has no pages, for a browser too", async () => {
    const project = await createProviderProject([oidcRow(idp)], { pages_enabled: false });
    const led = await openBrowser(project, auth).open("/callback?state=x&code=y", html);
    expect([led.status, JSON.parse(led.text).error_code]).toEqual([400, "bad_oauth_state"]);
    const query = "provider=oidc&from_page=true";
    idp.misbehave({ answer: { code: undefined, error: "access_denied" } });
    const browser = openBrowser(project, auth);
    const begun = await browser.open(`/authorize?${query}`, html);
    const provider = await browser.visit(begun.location ?? "");
    const told = await browser.visit(provider.location ?? "", html);
    idp.misbehave({});
    expect(told.query.error).toBe("access_denied");
  });
});
