import { mkdir } from "node:fs/promises";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultsOf } from "../support/axe.ts";
import { type Browser, openChromium } from "../support/chromium.ts";
import { type PagesServer, startPagesServer } from "../support/pages_server.ts";

const pictures = "test-results/pages";
const oldPassword = "correct horse battery";
const newPassword = "staple of a new horse";
let server: PagesServer;
let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  await mkdir(pictures, { recursive: true });
  server = await startPagesServer({ name: "Corner Shop", mail_interval: 0, page_color: "#0f766e" });
  browser = await openChromium();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

type Look = Parameters<Browser["person"]>[0];

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

interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

let people = 0;

/** Somebody with an account. */
async function person(): Promise<string> {
  people += 1;
  const email = `person.${people}@example.com`;
  const reply = await server.post("/signup", { email, password: oldPassword });
  expect(reply.status).toBe(200);
  return email;
}

async function heading(page: Page, text: string): Promise<void> {
  await page.getByRole("heading", { level: 1, name: text }).waitFor();
}

async function linkTo(email: string): Promise<string> {
  const { link } = await server.mailTo(email);
  if (!link) throw new Error("the mail has no link");
  return link;
}

/** What the app was handed, and took off the address bar. */
async function handedOver(page: Page): Promise<Record<string, string>> {
  const text = await page.locator("pre:not(:empty)").textContent();
  expect(page.url()).toBe(server.appUrl);
  return JSON.parse(text ?? "");
}

async function userOf({ access_token }: Record<string, string>): Promise<string> {
  const headers = { Authorization: `Bearer ${access_token}` };
  const reply = await fetch(`${server.authUrl}/user`, { headers });
  return ((await reply.json()) as { email: string }).email;
}

describe("the pages, in Chromium", { timeout: 120_000 }, () => {
  it("lead from a forgotten password to signed in again", async () => {
    const email = await person();
    const { page, context } = await visit("/sign-in");
    await picture(page, "1-sign-in");
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await heading(page, "Forgot your password?");
    await picture(page, "2-forgot-password");
    await page.getByLabel("E-mail address").fill(email);
    await page.getByRole("button", { name: "Send the mail" }).click();
    await heading(page, "Check your mail");
    await picture(page, "3-check-mail");

    await page.goto(await linkTo(email));
    await heading(page, "Choose a new password");
    expect(await page.getByLabel("E-mail address").inputValue()).toBe(email);
    await page.getByLabel("New password").fill("password");
    await page.getByRole("button", { name: "Save the password" }).click();
    await page.getByRole("alert").getByText("easily guessed").waitFor();
    await picture(page, "4-weak-password");
    await page.getByLabel("New password").fill(newPassword);
    await page.getByRole("button", { name: "Save the password" }).click();
    const handed = await handedOver(page);
    expect([handed.type, await userOf(handed)]).toEqual(["recovery", email]);

    await page.goto(`${server.authUrl}/sign-in`);
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password").fill(newPassword);
    await page.getByRole("button", { name: "Sign in" }).click();
    expect(await userOf(await handedOver(page))).toBe(email);
    await context.close();
  });

  it("sign in by a mailed link once: the second time it has expired", async () => {
    const email = await person();
    const { page, context } = await visit("/sign-in");
    await page.getByLabel("E-mail address").fill(email);
    await page.getByRole("button", { name: "Send me a link instead" }).click();
    await heading(page, "Check your mail");
    const link = await linkTo(email);
    await page.goto(link);
    await picture(page, "5-link");
    await page.reload();
    await page.getByRole("button", { name: "Sign in" }).click();
    const handed = await handedOver(page);
    expect([handed.type, await userOf(handed)]).toEqual(["magiclink", email]);
    await page.goto(link);
    await heading(page, "This link has expired");
    await picture(page, "6-link-expired");
    await page.getByRole("link", { name: "Ask for a new link" }).click();
    await heading(page, "Sign in");
    await context.close();
  });

  it("take a double click for one: the session of the first is not lost", async () => {
    const email = await person();
    await server.post("/recover", { email });
    const { page, context } = await visit(await linkTo(email));
    await page.getByLabel("New password").fill(newPassword);
    await page.getByRole("button", { name: "Save the password" }).dblclick({ delay: 20 });
    expect(await userOf(await handedOver(page))).toBe(email);
    // A page with a token is not kept: going back asks anew.
    await page.goBack();
    await heading(page, "This link has expired");
    await context.close();
  });

  it("work without JavaScript, in German, on a phone in the dark", async () => {
    const email = await person();
    const { page, context } = await visit("/sign-in", {
      javaScriptEnabled: false,
      locale: "de-DE",
      colorScheme: "dark",
      viewport: { width: 375, height: 740 },
      deviceScaleFactor: 2,
    });
    await heading(page, "Anmelden");
    await picture(page, "7-phone-dark");
    await page.getByLabel("E-Mail-Adresse").fill(email);
    await page.getByRole("button", { name: "Stattdessen einen Link schicken" }).click();
    await heading(page, "Sehen Sie in Ihre E-Mail");
    await picture(page, "8-phone-dark-check-mail");
    await page.getByLabel("Code").fill("12 34");
    await page.getByRole("button", { name: "Weiter" }).click();
    await page.getByRole("alert").getByText("falsch oder abgelaufen").waitFor();
    const { code } = await server.mailTo(email);
    await page.getByLabel("Code").fill(String(code));
    await page.getByRole("button", { name: "Weiter" }).click();
    // The app has no script now that could take the session off the address bar.
    await page.waitForURL(`${server.appUrl}#*`);
    const handed = new URLSearchParams(new URL(page.url()).hash.slice(1));
    expect(await userOf(Object.fromEntries(handed))).toBe(email);
    await context.close();
  });

  it("can be gone through by keyboard alone, and put the focus on what was wrong", async () => {
    const email = await person();
    const { page, context } = await visit("/sign-in");
    const focused = () =>
      page.evaluate<string>(
        "document.activeElement.getAttribute('role') ?? document.activeElement.textContent.trim() + document.activeElement.id",
      );
    const order: string[] = [];
    for (let stop = 0; stop < 6; stop += 1) {
      await page.keyboard.press("Tab");
      order.push(await focused());
    }
    expect(order).toEqual([
      "email",
      "password",
      "Sign in",
      "Send me a link instead",
      "Forgot your password?",
      "Sign up",
    ]);
    await page.reload();
    await page.keyboard.press("Tab");
    await page.keyboard.type(email);
    await page.keyboard.press("Tab");
    await page.keyboard.type("not the password");
    await picture(page, "9-keyboard");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("do not go together").waitFor();
    // The focus is given with the first frame, which may come after the text can be read.
    await expect.poll(focused, { timeout: 10_000 }).toBe("alert");
    expect(await page.title()).toBe("Error: Sign in – Corner Shop");
    expect(await page.getByLabel("E-mail address").inputValue()).toBe(email);
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    await picture(page, "10-refused");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type(oldPassword);
    await page.keyboard.press("Enter");
    expect(await userOf(await handedOver(page))).toBe(email);
    await context.close();
  });

  it("refuse a form that the app's own page sends", async () => {
    const { page, context } = await visit(server.appUrl);
    await page.getByRole("button", { name: "Win a prize" }).click();
    await heading(page, "This did not work");
    await picture(page, "11-cross-site");
    await context.close();
  });

  it("break no rule of axe-core, light and dark, and fit a screen of 320 pixels", async () => {
    const email = await person();
    await server.post("/recover", { email });
    const recovery = new URL(await linkTo(email)).search;
    const address = `an.uncommonly.long.address.that.does.not.fit.${people}@subdomain.example.com`;
    const shown: Record<string, string[]> = {};
    for (const colorScheme of ["light", "dark"] as const) {
      const look = { colorScheme, viewport: { width: 320, height: 700 } };
      const { page, context } = await visit("/sign-in", look);
      const check = async (name: string) => {
        shown[`${colorScheme} ${name}`] = await faultsOf(page);
        await picture(page, `axe-${colorScheme}-${name}`);
      };
      for (const path of [
        "/sign-in",
        "/sign-up",
        "/forgot-password",
        "/reset-password",
        `/verify${recovery}`,
        "/verify?token=x&type=signup",
        "/verify?token=x&type=invite",
        "/verify?token=x&type=email_change",
        "/verify?token=&type=magiclink",
      ]) {
        await page.goto(server.authUrl + path);
        await check(path.replace(/[?&]redirect_to.*/, "").replaceAll(/\?token=.*type=|\//g, "-"));
      }
      for (const [path, title] of [
        ["/sign-in", "sign-in-refused"],
        ["/sign-up", "sign-up-refused"],
      ] as const) {
        await page.goto(server.authUrl + path);
        await page.getByLabel("E-mail address").fill(address);
        await page.getByLabel("Password").fill("password");
        await page.keyboard.press("Enter");
        await page.getByRole("alert").first().waitFor();
        await check(title);
      }
      await page.goto(`${server.authUrl}/forgot-password`);
      await page.getByLabel("E-mail address").fill(address);
      await page.keyboard.press("Enter");
      await heading(page, "Check your mail");
      await check("check-mail");
      await context.close();
    }
    expect(Object.keys(shown)).toHaveLength(24);
    expect(Object.entries(shown).filter(([, found]) => found.length > 0)).toEqual([]);
  });

  it("leave no word of a broken policy or script in the console", () => {
    // Refused forms are there with their status, and nothing else.
    const statuses = /the server responded with a status of (400|403|422)/;
    expect(complaints.filter((text) => !statuses.test(text))).toEqual([]);
  });
});
