import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
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
import { freshEmail, type TestProject } from "../support/project.ts";

let idp: OidcProvider;
let other: OidcProvider;
let auth: Auth;
let project: TestProject;

beforeAll(async () => {
  [idp, other] = await Promise.all([startOidcProvider(), startOidcProvider()]);
  auth = await openProviderService();
  project = await createProviderProject([oidcRow(idp), oidcRow(other, { name: "other" })]);
});
afterAll(async () => {
  await auth.close();
  await Promise.all([idp.close(), other.close()]);
});
beforeEach(() => {
  for (const provider of [idp, other]) {
    provider.misbehave({});
    provider.signedIn(verified(freshEmail()));
  }
});

const begin = { provider: "oidc", redirect_to: appUrl };

/** Goes as far as the way back: the URL that the provider sends the browser to. */
async function wayBack(browser: Browser, query: Record<string, string> = begin): Promise<string> {
  const begun = await browser.open(`/authorize?${new URLSearchParams(query)}`);
  const { location } = await browser.visit(String(begun.location));
  return String(location);
}

async function users(of = project): Promise<number> {
  const [row] = await of.sql<{ count: number }>("select count(*)::int as count from users");
  return row?.count ?? -1;
}

function isRefusedState({ status, text, headers, location }: Step): void {
  expect({ status, location }).toEqual({ status: 400, location: null });
  expect(headers.get("Content-Type")).toMatch(/^application\/json/);
  expect(JSON.parse(text).error_code).toBe("bad_oauth_state");
}

describe("the way back from a provider", () => {
  it("is refused without a state, or with one that nobody was given (case 75)", async () => {
    const before = await users();
    const browser = openBrowser(project, auth);
    const back = new URL(await wayBack(browser));
    const own = back.searchParams.get("state");
    for (const state of [null, "", "a".repeat(43), `${own}x`, "\u0000", `${own}&state=${own}`]) {
      const url = new URL(back);
      if (state === null) url.searchParams.delete("state");
      else url.searchParams.set("state", state);
      isRefusedState(await browser.visit(url.href));
    }
    expect(await users()).toBe(before);
    expect((await browser.visit(back.href)).fragment.access_token).toBeDefined();
  });

  it("is refused in another browser, and left for the one that began (cases 75, 84)", async () => {
    const before = await users();
    const attacker = openBrowser(project, auth);
    const back = await wayBack(attacker);
    const victim = openBrowser(project, auth);
    await wayBack(victim);
    isRefusedState(await victim.visit(back));
    const [cookie = ""] = victim.cookies.values();
    const [name = ""] = attacker.cookies.keys();
    victim.cookies.set(name, cookie);
    isRefusedState(await victim.visit(back));
    expect(await users()).toBe(before);
    expect((await attacker.visit(back)).fragment.access_token).toBeDefined();
  });

  it("is good once (case 75)", async () => {
    const browser = openBrowser(project, auth);
    const back = await wayBack(browser);
    const cookies = new Map(browser.cookies);
    expect((await browser.visit(back)).fragment.access_token).toBeDefined();
    const before = await users();
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    isRefusedState(await browser.visit(back));
    expect(await users()).toBe(before);
  });

  it("is refused after ten minutes (case 75)", async () => {
    const browser = openBrowser(project, auth);
    const back = await wayBack(browser);
    await project.sql(
      "update oauth_flows set expires_at = clock_timestamp() - interval '1 second'",
    );
    isRefusedState(await browser.visit(back));
    await wayBack(openBrowser(project, auth));
    const [{ count } = { count: -1 }] = await project.sql<{ count: number }>(
      "select count(*)::int as count from oauth_flows where expires_at < clock_timestamp()",
    );
    expect(count).toBe(0);
  });

  it("is refused at another project (case 75)", async () => {
    const twin = await createProviderProject([oidcRow(idp)]);
    const browser = openBrowser(project, auth);
    const back = await wayBack(browser);
    const elsewhere = openBrowser(twin, auth);
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    isRefusedState(await elsewhere.visit(back.replace(project.id, twin.id)));
    expect(await users(twin)).toBe(0);
  });

  it("is finished in both of two tabs that began", async () => {
    const browser = openBrowser(project, auth);
    const backs = [await wayBack(browser), await wayBack(browser)];
    expect(browser.cookies.size).toBe(2);
    for (const back of backs) {
      expect((await browser.visit(back)).fragment.access_token).toBeDefined();
    }
  });

  it("takes no other provider's answer for the one that was asked (case 83)", async () => {
    const before = await users();
    const browser = openBrowser(project, auth);
    const back = new URL(await wayBack(browser));
    const foreign = new URL(
      await wayBack(openBrowser(project, auth), { ...begin, provider: "other" }),
    );
    back.searchParams.set("code", String(foreign.searchParams.get("code")));
    const { fragment, query } = await browser.visit(back.href);
    expect(fragment).toMatchObject({ error: "invalid_request", error_code: "bad_oauth_callback" });
    expect(query.error_code).toBe("bad_oauth_callback");
    expect(await users()).toBe(before);
  });

  it("takes no answer that names another issuer, or none where one is announced (case 83, RFC 9207)", async () => {
    const before = await users();
    for (const iss of [other.issuer, `${idp.issuer}/`, "null"]) {
      idp.misbehave({ answer: { iss } });
      const { fragment } = await openBrowser(project, auth).signIn(begin);
      expect(fragment.error_code).toBe("bad_oauth_callback");
    }
    idp.misbehave({ answer: { iss: idp.issuer } });
    expect((await openBrowser(project, auth).signIn(begin)).fragment.access_token).toBeDefined();

    const announcing = await startOidcProvider();
    announcing.misbehave({ metadata: { authorization_response_iss_parameter_supported: true } });
    const twin = await createProviderProject([oidcRow(announcing)]);
    const silent = await openBrowser(twin, auth).signIn(begin);
    expect(silent.fragment.error_code).toBe("bad_oauth_callback");
    expect([await users(), await users(twin)]).toEqual([before + 1, 0]);
    await announcing.close();
  });

  it("is refused when the name has come to mean another provider in the meantime", async () => {
    const twin = await createProviderProject([oidcRow(idp)]);
    const browser = openBrowser(twin, auth);
    const begun = await browser.open(`/authorize?${new URLSearchParams(begin)}`);
    const { location } = await browser.visit(String(begun.location));
    await twin.sql("delete from providers");
    await addProvider(twin, oidcRow(other));
    const { fragment } = await browser.visit(String(location));
    expect(fragment.error_code).toBe("bad_oauth_callback");
    expect(await users(twin)).toBe(0);
  });

  it.each([
    "issuer = 'https://evil.example'",
    "client_id = 'another'",
    "name = 'other'",
    `options = '{"token_url": "https://evil.example/token"}'`,
  ])("sends no client secret where it was not sealed for: %s", async (change) => {
    const twin = await createProviderProject([oidcRow(idp)]);
    await twin.sql(`update providers set ${change}`);
    const [row] = await twin.sql<{ name: string }>("select name from providers");
    const begun = await openBrowser(twin, auth).open(
      `/authorize?${new URLSearchParams({ ...begin, provider: row?.name ?? "" })}`,
    );
    expect(begun.status).toBe(503);
  });

  it("takes each code once: what came before goes nowhere else (case 82)", async () => {
    const browser = openBrowser(project, auth);
    const back = new URL(await wayBack(browser));
    await browser.visit(back.href);
    const before = await users();
    const second = new URL(await wayBack(browser));
    second.searchParams.set("code", String(back.searchParams.get("code")));
    expect((await browser.visit(second.href)).fragment.error_code).toBe("bad_oauth_callback");
    expect(await users()).toBe(before);
  });

  it("takes a form, and repeats it as a navigation, to which the cookie is sent along", async () => {
    const browser = openBrowser(project, auth);
    const back = new URL(await wayBack(browser));
    const form = await openBrowser(project, auth).open("/callback", {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: `${back.searchParams}&extra=1`,
    });
    expect(form.status).toBe(303);
    const { code, state } = Object.fromEntries(back.searchParams);
    expect(form.location).toBe(`/${project.id}/callback?code=${code}&state=${state}`);
    const { origin } = new URL(project.authUrl);
    expect((await browser.visit(origin + form.location)).fragment.access_token).toBeDefined();
  });
});

describe("what a provider says when it refuses (case 87)", () => {
  it("reaches the app as a code and words of ours, never the provider's", async () => {
    const evil = "<script>alert(1)</script>";
    const refusals = [
      ["access_denied", "access_denied"],
      [evil, "invalid_request"],
      ["server_error", "invalid_request"],
    ];
    for (const [error, name] of refusals) {
      idp.misbehave({
        answer: { code: undefined, error, error_description: evil, error_uri: evil },
      });
      const { status, query, fragment, location, text } = await openBrowser(project, auth).signIn(
        begin,
      );
      expect(status).toBe(302);
      expect(query).toMatchObject({ error: name, error_code: "bad_oauth_callback" });
      expect(fragment).toEqual({ ...query, sb: "" });
      expect(decodeURIComponent(String(location)) + text).not.toContain("<script");
    }
  });

  it("is JSON without a word of it where nobody waits for the answer", async () => {
    const evil = "<script>alert(1)</script>";
    const query = new URLSearchParams({ error: evil, error_description: evil, state: evil });
    const step = await openBrowser(project, auth).open(`/callback?${query}`);
    isRefusedState(step);
    expect(step.text).not.toContain("<script");
    expect(step.headers.get("Content-Security-Policy")).toMatch(/default-src 'none'/);
    expect(step.headers.get("X-Content-Type-Options")).toBe("nosniff");
  });
});

describe("PKCE of the app", () => {
  it("is S256, whole, and of the right size (case 81)", async () => {
    const { challenge } = newVerifier();
    const wrong: Record<string, string>[] = [
      { code_challenge: challenge },
      { code_challenge_method: "s256" },
      { code_challenge: challenge, code_challenge_method: "plain" },
      { code_challenge: challenge.slice(1), code_challenge_method: "s256" },
      { code_challenge: `${challenge}a`, code_challenge_method: "s256" },
    ];
    for (const query of wrong) {
      const step = await openBrowser(project, auth).open(
        `/authorize?${new URLSearchParams({ ...begin, ...query })}`,
      );
      expect({ query, status: step.status }).toEqual({ query, status: 400 });
      expect(JSON.parse(step.text).error_code).toBe("validation_failed");
    }
  });

  it("gives the session to the verifier's holder alone, and to nobody after another flow's (case 81)", async () => {
    const [mine, other] = [newVerifier(), newVerifier()];
    const begun = { ...begin, code_challenge_method: "s256" };
    const { query } = await openBrowser(project, auth).signIn({
      ...begun,
      code_challenge: mine.challenge,
    });
    const exchange = (verifier: string | undefined) =>
      project.post("/token?grant_type=pkce", { auth_code: query.code, code_verifier: verifier });
    expect((await exchange(undefined)).body.error_code).toBe("validation_failed");
    for (const verifier of [other.verifier, mine.challenge, mine.verifier.slice(1)]) {
      expect((await exchange(verifier)).body.error_code).toBe("bad_code_verifier");
    }
    expect((await exchange(mine.verifier)).status).toBe(200);
  });

  it("is held by the provider, too: a code is of no use without this service's verifier (case 81)", async () => {
    const browser = openBrowser(project, auth);
    const back = new URL(await wayBack(browser));
    const stolen = await fetch(`${idp.issuer}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: idp.clientId,
        client_secret: idp.clientSecret,
        redirect_uri: `${project.authUrl}/callback`,
        code: String(back.searchParams.get("code")),
      }),
    });
    expect(await stolen.json()).toEqual({ error: "invalid_grant" });
  });

  it("ends the session of a code that comes a second time (case 82)", async () => {
    const { verifier, challenge } = newVerifier();
    const { query } = await openBrowser(project, auth).signIn({
      ...begin,
      code_challenge: challenge,
      code_challenge_method: "s256",
    });
    const exchange = () =>
      project.post("/token?grant_type=pkce", { auth_code: query.code, code_verifier: verifier });
    const first = await exchange();
    expect(first.status).toBe(200);
    expect((await exchange()).body.error_code).toBe("flow_state_not_found");
    const token = String(first.body.access_token);
    expect((await project.request("/user", { token })).status).toBe(401);
    const { refresh_token } = first.body;
    expect((await project.post("/refresh", { refresh_token })).status).toBe(400);
  });
});

describe("where a sign-in ends (cases 70, 71)", () => {
  const evil = [
    "https://app.example.evil.example",
    "https://app.example@evil.example",
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://app.example%2f@evil.example",
    "http://app.example",
    "https://app.example\r\n.evil.example",
    "https://app.ex\tample",
    "https://app\uff0eexample",
    "ann@example.com",
  ];

  it("leads to the site with nothing when another place was asked for", async () => {
    for (const redirect_to of evil) {
      const { status, location, headers } = await openBrowser(project, auth).open(
        `/authorize?${new URLSearchParams({ ...begin, redirect_to })}`,
      );
      expect({ redirect_to, status }).toEqual({ redirect_to, status: 302 });
      expect(location).toMatch(/^https:\/\/app\.example\/\?error=invalid_request&/);
      expect(location).not.toContain("token");
      expect(headers.getSetCookie()).toEqual([]);
    }
  });

  it("is judged again at the end: what is no longer admitted gets nothing, and signs nobody in", async () => {
    const twin = await createProviderProject([oidcRow(idp)], {
      redirect_urls: ["https://other.example/**"],
    });
    const browser = openBrowser(twin, auth);
    const begun = await browser.open(
      `/authorize?${new URLSearchParams({ ...begin, redirect_to: "https://other.example/a" })}`,
    );
    const { location } = await browser.visit(String(begun.location));
    await twin.sql("update settings set redirect_urls = '{}'");
    const fresh = await openProviderService();
    const late = openBrowser(twin, fresh);
    for (const [name, value] of browser.cookies) late.cookies.set(name, value);
    const step = await late.visit(String(location));
    expect(step.location).toMatch(/^https:\/\/app\.example\/\?error=invalid_request&/);
    expect(step.location).not.toContain("access_token");
    expect(await users(twin)).toBe(0);
    await fresh.close();
  });

  it("needs a place to end: without a site and without one that is admitted nobody is sent off", async () => {
    const twin = await createProviderProject([oidcRow(idp)], { site_url: "" });
    for (const query of [{ provider: "oidc" }, begin]) {
      const step = await openBrowser(twin, auth).open(`/authorize?${new URLSearchParams(query)}`);
      expect(step.status).toBe(400);
      expect(JSON.parse(step.text).error_code).toBe("validation_failed");
    }
  });

  it("names the callback by the service's own address, whatever the request's headers say", async () => {
    const { query } = await openBrowser(project, auth).open(
      `/authorize?${new URLSearchParams(begin)}`,
      {
        headers: {
          "X-Forwarded-Host": "evil.example",
          "X-Forwarded-Proto": "http",
          Forwarded: "host=evil.example",
        },
      },
    );
    expect(query.redirect_uri).toBe(`${project.authUrl}/callback`);
  });
});
