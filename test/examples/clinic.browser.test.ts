import { mkdir } from "node:fs/promises";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, openChromium } from "../support/chromium.ts";
import { type Running, startCommand } from "../support/cli.ts";

const pictures = "test-results/clinic";
const password = "correct horse battery";
let clinic: Running<string>;
let url: string;
let browser: Browser;
const complaints: string[] = [];
const tokens: Record<string, string> = {};

beforeAll(async () => {
  await mkdir(pictures, { recursive: true });
  const args = ["run", "example:clinic", "--", "--port", "0", "--auth-port", "0"];
  const more = ["--data", "memory", "--json"];
  clinic = await startCommand("npm", [...args, ...more], /^\{.*\}$/m);
  url = JSON.parse(clinic.printed).CLINIC_URL;
  browser = await openChromium();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await clinic?.stop("SIGTERM");
});

type Look = Parameters<Browser["person"]>[0];

async function visit(look: Look = {}): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.person({ viewport: { width: 1200, height: 800 }, ...look });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return { page, context };
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

async function signUp(page: Page, name: string): Promise<void> {
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("E-mail").fill(`${name.toLowerCase()}@example.com`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Your appointments" }).waitFor();
  tokens[name] = await tokenOf(page);
}

async function tokenOf(page: Page): Promise<string> {
  const stored = await page.evaluate<string>("sessionStorage.getItem('session')");
  return JSON.parse(stored).access_token;
}

async function book(page: Page, reason: string): Promise<void> {
  await page.getByLabel("What is it about?").fill(reason);
  await page.getByRole("button", { name: "Book", exact: true }).click();
  await page.getByText(/^Booked:/).waitFor();
}

async function ask(path: string, token: string, init: RequestInit = {}) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  const reply = await fetch(`${url}/api${path}`, { ...init, headers });
  const text = await reply.text();
  const body = text === "" ? {} : JSON.parse(text);
  const reasons = (body.appointments ?? []).map(({ reason }: { reason: string }) => reason);
  return { status: reply.status, body, reasons };
}

describe("the clinic, in Chromium", { timeout: 120_000 }, () => {
  it("lets a patient sign up, book, and see the visit", async () => {
    const { page, context } = await visit();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await picture(page, "1-welcome");
    await signUp(page, "Ada");
    await picture(page, "2-patient-new");
    await book(page, "Check-up");
    await picture(page, "3-patient-booked");
    expect(await page.locator("#mine li p").allTextContents()).toEqual(["Check-up"]);
    await page.reload();
    await page.getByText("Check-up").waitFor();
    await context.close();
  });

  it("shows a second patient, in the dark and on a phone, only her own, and no taken hour", async () => {
    const { page, context } = await visit({
      colorScheme: "dark",
      viewport: { width: 375, height: 812 },
      deviceScaleFactor: 2,
    });
    await page.getByRole("button", { name: "Create account" }).waitFor();
    await picture(page, "4-welcome-phone-dark");
    await signUp(page, "Grace");
    await book(page, "<b>A chipped</b> tooth");
    await picture(page, "5-patient-phone-dark");
    expect(await page.locator("#mine li p").allTextContents()).toEqual(["<b>A chipped</b> tooth"]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
    const [ada, grace] = [
      await ask("/appointments", tokens.Ada ?? ""),
      await page.locator("#mine time").getAttribute("datetime"),
    ];
    expect(grace).not.toBe(ada.body.appointments[0].starts_at);
    await context.close();
  });

  it("shows Dr. Smith every appointment of the clinic", async () => {
    for (const [name, look] of [
      ["6-staff", {}],
      ["7-staff-phone-dark", { colorScheme: "dark", viewport: { width: 375, height: 812 } }],
    ] as [string, Look][]) {
      const { page, context } = await visit(look);
      await page.getByText("Sign in", { exact: true }).click();
      await page.getByLabel("E-mail").fill("smith@clinic.example");
      await page.getByLabel("Password").fill("open wide please");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { name: "Every appointment of the clinic" }).waitFor();
      await page.getByText("Check-up").waitFor();
      await picture(page, name);
      const patients = await page.locator("#all td:nth-child(2)").allTextContents();
      expect(patients.sort()).toEqual(["Ada", "Grace"]);
      tokens.Smith = await tokenOf(page);
      await context.close();
    }
  });

  it("says what is wrong in words, and works by keyboard alone", async () => {
    const { page, context } = await visit();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
    await page.getByText("Sign in", { exact: true }).click();
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("Password").fill("not her password");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("do not go together").waitFor();
    await picture(page, "8-refused");
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /^Cancel / }).click();
    await page.getByText(/^Cancelled:/).waitFor();
    expect((await ask("/appointments", tokens.Ada ?? "")).reasons).toEqual([]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    await context.close();
    // The refused sign-in is in the console, and nothing else: no script, style or CSP error.
    expect(complaints.filter((text) => !text.includes("400"))).toEqual([]);
  });
});

describe("the clinic's API, asked directly", () => {
  const one = { method: "POST", body: "" };

  it("gives a patient her own, by `where` and by row level security, and 403 for the staff's", async () => {
    const token = tokens.Grace ?? "";
    const own = ["<b>A chipped</b> tooth"];
    expect((await ask("/appointments/mine", token)).reasons).toEqual(own);
    expect((await ask("/appointments", token)).reasons).toEqual(own);
    expect(await ask("/staff/appointments", token)).toMatchObject({ status: 403, reasons: [] });
  });

  it("gives Dr. Smith all by row level security, and none of her own", async () => {
    const token = tokens.Smith ?? "";
    expect((await ask("/appointments/mine", token)).reasons).toEqual([]);
    expect((await ask("/appointments", token)).reasons).toContain("<b>A chipped</b> tooth");
    expect((await ask("/staff/appointments", token)).status).toBe(200);
  });

  it("lets nobody cancel what is another's, or take an hour twice", async () => {
    const [mine] = (await ask("/appointments", tokens.Grace ?? "")).body.appointments;
    const others = await ask(`/appointments/${mine.id}`, tokens.Smith ?? "", { method: "DELETE" });
    expect(others.status).toBe(404);
    const again = { ...one, body: JSON.stringify({ starts_at: mine.starts_at, reason: "me too" }) };
    expect((await ask("/appointments", tokens.Smith ?? "", again)).status).toBe(409);
    const closed = { ...one, body: JSON.stringify({ starts_at: "2030-01-01T03:00:00.000Z" }) };
    expect((await ask("/appointments", tokens.Smith ?? "", closed)).status).toBe(400);
  });

  it.each(["", "nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])(
    "refuses the token `%s`",
    async (token) => {
      for (const path of ["/me", "/appointments", "/appointments/mine", "/staff/appointments"]) {
        expect((await ask(path, token)).status).toBe(401);
      }
    },
  );
});
