import { mkdir } from "node:fs/promises";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RunningFakeProvider,
  startFakeProvider,
} from "../../src/development/fake_provider/start.ts";
import { faultsOf } from "../support/axe.ts";
import { type Browser, openChromium } from "../support/chromium.ts";
import { type GitHubLike, startGitHubLike } from "../support/idp/github_like.ts";
import { type PagesServer, startPagesServer } from "../support/pages_server.ts";

const pictures = "test-results/oauth";
const password = "correct horse battery";
let server: PagesServer;
let browser: Browser;
let fake: RunningFakeProvider;
let github: GitHubLike;
const complaints: string[] = [];

beforeAll(async () => {
  await mkdir(pictures, { recursive: true });
  const settings = { name: "Corner Shop", page_color: "#0f766e", manual_linking: true } as const;
  server = await startPagesServer(settings, "localhost");
  fake = await startFakeProvider({ port: 0, redirectUri: `${server.authUrl}/callback` });
  github = await startGitHubLike();
  await server.addProvider({ name: "acme", kind: "oidc", ...fake });
  await server.addProvider({
    ...github,
    kind: "github",
    issuer: github.origin,
    options: { api_url: `${github.origin}/api` },
  });
  browser = await openChromium();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await fake?.close();
  await github?.close();
  await server?.close();
});

type Look = Parameters<Browser["person"]>[0];

interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
}

async function visit(path: string, look: Look = {}): Promise<Visitor> {
  const context = await browser.person({ viewport: { width: 900, height: 800 }, ...look });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(path.startsWith("http") ? path : server.authUrl + path);
  return { page, context };
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

async function heading(page: Page, text: string): Promise<void> {
  await page.getByRole("heading", { level: 1, name: text }).waitFor();
}

let people = 0;

function freshEmail(): string {
  people += 1;
  return `person.${people}@example.com`;
}

interface Played {
  readonly email?: string;
  readonly name?: string;
  readonly subject?: string;
  readonly verified?: boolean;
}

/** Presses the button, and is somebody at the fake provider. */
async function enter(page: Page, played: Played): Promise<void> {
  await page.getByRole("link", { name: /acme/ }).click();
  await play(page, played);
}

async function play(page: Page, { email, name, subject, verified = true }: Played): Promise<void> {
  await heading(page, "Fake provider");
  if (email) await page.getByLabel("E-mail address").fill(email);
  if (name) await page.getByLabel("Name").fill(name);
  if (subject) await page.getByLabel("Subject").fill(subject);
  await page.getByLabel("The address is verified").setChecked(verified);
  await page.getByRole("button", { name: "Sign in" }).click();
}

interface UserReply {
  readonly id: string;
  readonly email: string;
  readonly user_metadata: { readonly name?: string };
  readonly identities: readonly { readonly provider: string }[];
}

async function userOf(token: string | undefined): Promise<UserReply> {
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`${server.authUrl}/user`, { headers })).json() as Promise<UserReply>;
}

/** What the app was handed, and took off the address bar. */
async function handedOver(page: Page): Promise<Record<string, string>> {
  const text = await page.locator("pre:not(:empty)").textContent();
  expect(page.url()).toBe(server.appUrl);
  return JSON.parse(text ?? "") ?? {};
}

async function signedInUser(page: Page): Promise<UserReply> {
  return userOf((await handedOver(page)).access_token);
}

function providersOf({ identities }: UserReply): string[] {
  return identities.map(({ provider }) => provider).sort();
}

describe("signing in at a provider, in Chromium", { timeout: 120_000 }, () => {
  it("makes a user the first time, and finds the same the second, in another browser", async () => {
    const email = freshEmail();
    const first = await visit("/sign-in");
    await picture(first.page, "1-sign-in");
    await first.page.getByRole("link", { name: "Continue with acme" }).click();
    await heading(first.page, "Fake provider");
    await picture(first.page, "2-fake-provider");
    await play(first.page, { email, name: "Ada" });
    const ada = await signedInUser(first.page);
    expect([ada.email, ada.user_metadata.name, providersOf(ada)]).toEqual([email, "Ada", ["acme"]]);
    expect(await first.context.cookies()).toEqual([]);
    await picture(first.page, "3-signed-in");

    const second = await visit("/sign-up");
    await enter(second.page, { email });
    expect((await signedInUser(second.page)).id).toBe(ada.id);
    await first.context.close();
    await second.context.close();
  });

  it("works without JavaScript, in German, on a phone in the dark", async () => {
    const email = freshEmail();
    const { page, context } = await visit("/sign-up", {
      javaScriptEnabled: false,
      locale: "de-DE",
      colorScheme: "dark",
      viewport: { width: 375, height: 740 },
      deviceScaleFactor: 2,
    });
    await heading(page, "Konto eröffnen");
    await picture(page, "4-phone-dark");
    await page.getByRole("link", { name: "Weiter mit acme" }).click();
    await picture(page, "5-phone-dark-fake-provider");
    await play(page, { email });
    // The app has no script now that could take the session off the address bar.
    await page.waitForURL(`${server.appUrl}#*`);
    const handed = new URLSearchParams(new URL(page.url()).hash.slice(1));
    expect((await userOf(handed.get("access_token") ?? "")).email).toBe(email);
    await context.close();
  });

  it("makes one account of two providers that have verified the same address", async () => {
    const email = freshEmail();
    const { page, context } = await visit("/sign-in");
    await enter(page, { email });
    const first = await signedInUser(page);
    github.signedIn({
      id: 4711,
      login: "ada",
      emails: [
        { email: freshEmail(), primary: false, verified: true },
        { email, primary: true, verified: true },
      ],
    });
    await page.goto(`${server.authUrl}/sign-in`);
    await page.getByRole("link", { name: "Continue with GitHub" }).click();
    const second = await signedInUser(page);
    expect(second.id).toBe(first.id);
    expect(providersOf(second)).toEqual(["acme", "github"]);
    await context.close();
  });

  it("goes by the keyboard alone", async () => {
    const email = freshEmail();
    const { page, context } = await visit("/sign-in");
    for (let stop = 0; stop < 5; stop += 1) await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Continue with acme");
    await picture(page, "6-keyboard");
    await page.keyboard.press("Enter");
    await heading(page, "Fake provider");
    await page.keyboard.press("Tab");
    await page.keyboard.type(email);
    await page.keyboard.press("Enter");
    expect((await signedInUser(page)).email).toBe(email);
    await context.close();
  });
});

describe("what is refused, in Chromium", { timeout: 120_000 }, () => {
  it("is somebody else's account for an address that is not verified", async () => {
    const email = freshEmail();
    const theirs = await visit("/sign-in");
    await enter(theirs.page, { email });
    const victim = await signedInUser(theirs.page);
    const { page, context } = await visit("/sign-in");
    await enter(page, { email, verified: false, subject: `thief-${people}` });
    const thief = await signedInUser(page);
    expect(thief.id).not.toBe(victim.id);
    expect(thief.email || "none").toBe("none");
    expect(providersOf(await userOf((await handedOver(theirs.page)).access_token))).toEqual([
      "acme",
    ]);
    await context.close();
    await theirs.context.close();
  });

  it("is who says no at the provider, and can try again from where it began", async () => {
    const email = freshEmail();
    const { page, context } = await visit(`/sign-in?redirect_to=${server.appUrl}`);
    await page.getByRole("link", { name: "Continue with acme" }).click();
    await page.getByRole("button", { name: "Refuse" }).click();
    await heading(page, "This did not work");
    await page.getByRole("alert").getByText("acme did not sign you in").waitFor();
    expect(await page.content()).not.toContain("Somebody said no");
    await picture(page, "7-denied");
    await page.getByRole("link", { name: "Back to sign-in" }).click();
    await heading(page, "Sign in");
    expect(new URL(page.url()).searchParams.get("redirect_to")).toBe(server.appUrl);
    await enter(page, { email });
    expect((await signedInUser(page)).email).toBe(email);
    await context.close();
  });

  it("is an answer to what another browser began, and one that was used (case 75, case 84)", async () => {
    const thief = await visit("/sign-in");
    await thief.page.getByRole("link", { name: "Continue with acme" }).click();
    await heading(thief.page, "Fake provider");
    // The victim follows the thief's link, and the thief's state comes back in the victim's browser.
    const victim = await visit(thief.page.url());
    await play(victim.page, { email: freshEmail() });
    await heading(victim.page, "This did not work");
    await victim.page.getByRole("alert").getByText("begun in another browser").waitFor();
    expect(victim.page.url()).toContain(`${server.authUrl}/callback?`);
    await picture(victim.page, "8-another-browser");
    await victim.page.reload();
    await heading(victim.page, "This did not work");
    // Nobody was signed in by it, and the thief's own way is still open, once.
    await play(thief.page, { email: freshEmail() });
    await handedOver(thief.page);
    await thief.page.goto(victim.page.url());
    await heading(thief.page, "This did not work");
    await thief.context.close();
    await victim.context.close();
  });
});

// What an app does: asks with the token of its user, goes where it is told, and exchanges what comes back.
const askForLink = `async ({ authUrl, token, provider, back }) => {
  const text = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const verifier = text(crypto.getRandomValues(new Uint8Array(32)));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({ provider, redirect_to: back, skip_http_redirect: "true",
    code_challenge: text(new Uint8Array(hash)), code_challenge_method: "s256" });
  const headers = { Authorization: "Bearer " + token };
  const reply = await fetch(authUrl + "/user/identities/authorize?" + query, { headers });
  const { url } = await reply.json();
  sessionStorage.setItem("verifier", verifier);
  return url;
}`;
const finishLinking = `async ({ authUrl }) => {
  const auth_code = new URLSearchParams(location.search).get("code");
  const code_verifier = sessionStorage.getItem("verifier");
  const reply = await fetch(authUrl + "/token?grant_type=pkce", { method: "POST",
    headers: { "Content-Type": "application/json" }, body: JSON.stringify({ auth_code, code_verifier }) });
  return (await reply.json()).access_token;
}`;

describe("linking by the user's own act, in Chromium", { timeout: 120_000 }, () => {
  it("is what the page asks for: sign in as before, and link then", async () => {
    await server.set({ identity_linking: "manual" });
    const email = freshEmail();
    expect((await server.post("/signup", { email, password })).status).toBe(200);
    const { page, context } = await visit("/sign-in");
    await enter(page, { email });
    await heading(page, "This did not work");
    await page.getByRole("alert").getByText("link acme to your account").waitFor();
    await picture(page, "9-sign-in-and-link");
    await page.getByRole("link", { name: "Back to sign-in" }).click();
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    const { access_token: token } = await handedOver(page);
    const before = await userOf(token);
    expect(providersOf(before)).toEqual(["email"]);

    const { authUrl, appUrl: back } = server;
    const asked = { authUrl, token, provider: "acme", back };
    await follow(page, await run<string>(page, askForLink, asked));
    await play(page, { email });
    await page.waitForURL(`${server.appUrl}?code=*`);
    expect(providersOf(await userOf(token))).toEqual(["email"]);
    const linked = await userOf(await run<string>(page, finishLinking, { authUrl }));
    expect([linked.id, providersOf(linked)]).toEqual([before.id, ["acme", "email"]]);

    await page.goto(`${server.authUrl}/sign-in`);
    await enter(page, { email });
    expect((await signedInUser(page)).id).toBe(before.id);
    await server.set({ identity_linking: "automatic" });
    await context.close();
  });

  it("is not what follows from a link that somebody else had made", async () => {
    const thief = await visit("/sign-in");
    await enter(thief.page, { email: freshEmail() });
    const { access_token: token } = await handedOver(thief.page);
    const { authUrl, appUrl: back } = server;
    const asked = { authUrl, token, provider: "acme", back };
    const url = await run<string>(thief.page, askForLink, asked);
    const victim = await visit(url);
    await play(victim.page, { email: freshEmail() });
    await victim.page.waitForURL(`${server.appUrl}?code=*`);
    expect(await run(victim.page, finishLinking, { authUrl })).toBeUndefined();
    await thief.page.goto(url);
    await heading(thief.page, "This did not work");
    expect(providersOf(await userOf(token))).toEqual(["acme"]);
    await victim.context.close();
    await thief.context.close();
  });
});

describe("the pages with providers, in Chromium", { timeout: 120_000 }, () => {
  it("break no rule of axe-core, light and dark, and fit a screen of 320 pixels", async () => {
    const faults: Record<string, string[]> = {};
    for (const colorScheme of ["light", "dark"] as const) {
      const look = { colorScheme, viewport: { width: 320, height: 700 } };
      const { page, context } = await visit("/sign-in", look);
      const check = async (name: string) => {
        faults[`${colorScheme} ${name}`] = await faultsOf(page);
        await picture(page, `axe-${colorScheme}-${name}`);
      };
      await check("sign-in");
      await page.goto(`${server.authUrl}/sign-up`);
      await check("sign-up");
      await page.getByRole("link", { name: /acme/ }).click();
      await check("fake-provider");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").waitFor();
      await check("fake-provider-again");
      await page.getByRole("button", { name: "Refuse" }).click();
      await heading(page, "This did not work");
      await check("denied");
      await context.close();
    }
    expect(Object.keys(faults)).toHaveLength(10);
    expect(Object.entries(faults).filter(([, found]) => found.length > 0)).toEqual([]);
  });

  it("leave no word of a broken policy or script in the console", () => {
    const statuses = /the server responded with a status of (400|403|422)/;
    expect(complaints.filter((text) => !statuses.test(text))).toEqual([]);
  });
});

/** Goes where the app is told to, as the app does. */
async function follow(page: Page, url: string): Promise<void> {
  await page.evaluate(`location.href = ${JSON.stringify(url)}`);
}

/** Runs a function of the app's in its page. */
function run<T>(page: Page, source: string, given: object): Promise<T> {
  return page.evaluate<T>(`(${source})(${JSON.stringify(given)})`);
}
