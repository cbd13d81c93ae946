import { mkdir } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Development, startDevelopment } from "../../src/development/start.ts";
import { type Browser, openChromium } from "../support/chromium.ts";

const pictures = "test-results/mailbox";
const complaints: string[] = [];
let development: Development;
let browser: Browser;

beforeAll(async () => {
  await mkdir(pictures, { recursive: true });
  const projectId = "proj_demo";
  development = await startDevelopment({ dataDir: undefined, port: 0, projectId });
  browser = await openChromium();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await development?.close();
});

async function signUp(email: string): Promise<void> {
  const reply = await fetch(`${development.environment.AUTH_URL}/signup`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password: "a perfectly fine phrase" }),
  });
  expect(reply.status).toBe(200);
}

async function open(options: Parameters<Browser["person"]>[0] = {}): Promise<Page> {
  const context = await browser.person({ viewport: { width: 1000, height: 800 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(development.mailboxUrl);
  return page;
}

describe("the development mailbox, in Chromium", { timeout: 120_000 }, () => {
  it("is empty at first, and shows new mail without being loaded again", async () => {
    const page = await open();
    await page.getByText("No mail yet").waitFor();
    await page.screenshot({ path: `${pictures}/1-empty.png`, fullPage: true });
    await signUp("ada@example.com");
    await page.getByText("ada@example.com").waitFor();
    await page.screenshot({ path: `${pictures}/2-list.png`, fullPage: true });
    await page.context().close();
  });

  it("shows a mail as HTML and as text, and copies its link and code", async () => {
    const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("link", { name: /ada@example\.com/ }).click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    const frame = page.frameLocator("iframe");
    await frame.locator("body").waitFor();
    const code = (await page.locator("header code").textContent()) ?? "";
    expect(code).toMatch(/^\d{6}$/);
    await frame.getByText(code).first().waitFor();
    await page.locator("pre").getByText(code).waitFor();
    await page.getByRole("button", { name: "Copy code" }).click();
    await page.getByText("Copied.").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(code);
    await page.getByRole("button", { name: "Copy link" }).click();
    const link = await page.getByRole("link", { name: "Open link" }).getAttribute("href");
    await page.waitForFunction(
      `navigator.clipboard.readText().then((text) => text === ${JSON.stringify(link)})`,
    );
    expect(link).toContain(`${development.environment.AUTH_URL}/verify?token=`);
    await page.screenshot({ path: `${pictures}/3-mail.png`, fullPage: true });
    await page.context().close();
  });

  it("is read in the dark, on a phone and without scripts", async () => {
    const page = await open({
      colorScheme: "dark",
      viewport: { width: 375, height: 812 },
      javaScriptEnabled: false,
    });
    await page.getByText("ada@example.com").waitFor();
    await page.screenshot({ path: `${pictures}/4-list-phone-dark.png`, fullPage: true });
    await page.getByRole("link", { name: /ada@example\.com/ }).click();
    await page.getByRole("heading", { name: "As text" }).waitFor();
    expect(await page.getByRole("button", { name: /Copy/ }).count()).toBe(0);
    await page.screenshot({ path: `${pictures}/5-mail-phone-dark.png`, fullPage: true });
    await page.context().close();
  });

  it("forgets all mail when it is told to, and had nothing to complain about", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("No mail yet").waitFor();
    await page.context().close();
    expect(complaints).toEqual([]);
  });
});

describe("the development mailbox, asked directly", () => {
  it("gives people's tests JSON, by address", async () => {
    await signUp("bo@example.com");
    const ask = async (query: string) =>
      (await fetch(`${development.mailboxUrl}.json${query}`)).json();
    const { mails } = (await ask("?to=bo@example.com")) as { mails: { code: string }[] };
    expect(mails).toEqual([
      expect.objectContaining({ to: "bo@example.com", code: expect.stringMatching(/^\d{6}$/) }),
    ]);
    expect(await ask("?to=eve@example.com")).toEqual({ mails: [] });
  });

  it("answers no page that had its name point to this machine, and no form of another site", async () => {
    const { port } = new URL(development.mailboxUrl);
    const { request } = await import("node:http");
    const status = (path: string, method: string, headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        request({ host: "127.0.0.1", port, path, method, headers }, (reply) => {
          reply.resume();
          resolve(reply.statusCode);
        })
          .on("error", reject)
          .end();
      });
    const host = `localhost:${port}`;
    for (const path of ["/_dev/mail", "/_dev/mail.json", "/_dev/mail/list", "/_dev/mail/x/html"]) {
      expect([path, await status(path, "GET", { Host: "evil.example" })]).toEqual([path, 403]);
    }
    expect(await status("/_dev/mail.json", "GET", { Host: host })).toBe(200);
    const clear = (headers: Record<string, string>) =>
      status("/_dev/mail/clear", "POST", { Host: host, ...headers });
    expect(await clear({ Origin: "https://evil.example" })).toBe(403);
    expect(await clear({})).toBe(403);
    expect(await clear({ Origin: `http://${host}` })).toBe(303);
  });

  it("belongs to no project, and lets a mail's own page load nothing and run nothing", async () => {
    const inProject = await fetch(`${development.environment.AUTH_URL}/_dev/mail`);
    expect(inProject.status).toBe(404);
    await signUp("cy@example.com");
    const reply = await fetch(`${development.mailboxUrl}.json`);
    const { mails } = (await reply.json()) as { mails: { id: string }[] };
    const html = await fetch(`${development.mailboxUrl}/${mails[0]?.id}/html`);
    expect(html.headers.get("Content-Security-Policy")).toMatch(/^sandbox .*default-src 'none'/);
    expect(reply.headers.get("Access-Control-Allow-Origin")).toBe(null);
  });
});
