import { mkdir } from "node:fs/promises";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { composeMessage } from "../../src/mail/message.ts";
import { type MailPurpose, mailPurposes } from "../../src/mail/purposes.ts";
import { type Browser, openChromium } from "../support/chromium.ts";
import { mailParts } from "../support/mail_parts.ts";

const folder = "test-results/mail";
const schemes = ["light", "dark"] as const;
const widths = [360, 800];

let browser: Browser;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  browser = await openChromium();
  await mkdir(folder, { recursive: true });
});

afterAll(async () => {
  for (const context of contexts) await context.close();
  await browser?.close();
});

interface Shown {
  readonly page: Page;
  /** What the mail wanted to load. */
  readonly requests: string[];
}

async function show(
  html: string,
  colorScheme: (typeof schemes)[number],
  width: number,
): Promise<Shown> {
  const context = await browser.person({ colorScheme, viewport: { width, height: 700 } });
  contexts.push(context);
  const page = await context.newPage();
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.setContent(html, { waitUntil: "load" });
  return { page, requests };
}

// In the browser, so in plain JavaScript: what stands out by less than WCAG's 4.5 to 1.
const paleTexts = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const hasText = (node) => node.nodeType === 3 && node.textContent.trim() !== "";
  return [...document.body.querySelectorAll("p, h1, a, td")]
    .filter((element) => [...element.childNodes].some(hasText))
    .filter((element) => {
      const [one, other] = [getComputedStyle(element).color, behind(element)].map(luminance);
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5;
    })
    .map((element) => element.innerText);
})()`;

const buttonColor = "getComputedStyle(document.querySelector('td.button')).backgroundColor";

const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

describe.each(schemes)("a mail in %s colours", (scheme) => {
  it.each(mailPurposes)("of %s can be read, fits, and loads nothing", async (purpose) => {
    for (const width of widths) {
      const language = width === 360 ? "de" : "en";
      const { html } = composeMessage(mailParts(purpose, { languages: [language] }));
      const { page, requests } = await show(html, scheme, width);
      expect(await page.evaluate(paleTexts)).toEqual([]);
      expect([width, await page.evaluate(overflow)]).toEqual([width, 0]);
      expect(requests.filter((url) => !url.startsWith("about:"))).toEqual([]);
      await page.screenshot({
        path: `${folder}/${purpose}-${scheme}-${width}.png`,
        fullPage: true,
      });
      await page.close();
    }
  });

  it.each(["#1d4ed8", "#facc15", "#000000", "#ffffff"])(
    "has a button of the project's colour %s that can be read",
    async (page_color) => {
      const parts = mailParts("recovery", { settings: { page_color } });
      const { page } = await show(composeMessage(parts).html, scheme, 600);
      expect(await page.evaluate(paleTexts)).toEqual([]);
      expect(await page.evaluate(buttonColor)).toBe(
        `rgb(${[1, 3, 5].map((at) => Number.parseInt(page_color.slice(at, at + 2), 16)).join(", ")})`,
      );
      await page.screenshot({ path: `${folder}/button-${page_color.slice(1)}-${scheme}.png` });
    },
  );
});

describe("a mail on a screen", () => {
  async function open(purpose: MailPurpose, settings = {}): Promise<Page> {
    const { html } = composeMessage(mailParts(purpose, { settings }));
    return (await show(html, "light", 600)).page;
  }

  it("has a code that one click selects, and nothing else", async () => {
    const page = await open("reauthentication");
    await page.locator("td.code").click();
    expect(await page.evaluate("getSelection().toString()")).toBe("482913");
  });

  it("keeps the shape of its words: a long name, and a preheader that is not seen", async () => {
    const page = await open("recovery", { name: "Donaudampfschifffahrt".repeat(20) });
    expect(await page.evaluate(overflow)).toBe(0);
    const preheader = page.getByText("The link works once", { exact: false }).first();
    expect(await preheader.isVisible()).toBe(false);
  });
});
