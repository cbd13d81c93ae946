import { describe, expect, it } from "vitest";
import { composeMessage } from "../../src/mail/message.ts";
import { type MailPurpose, mailPurposes } from "../../src/mail/purposes.ts";
import { languages } from "../../src/mail/templates/languages/index.ts";
import { hasCode, hasLink } from "../../src/mail/templates/variables.ts";
import { mailParts } from "../support/mail_parts.ts";

const everyMail = mailPurposes.flatMap((purpose) =>
  Object.keys(languages).map((language) => [purpose, language] as const),
);

function compose(purpose: MailPurpose, language = "en") {
  return composeMessage(mailParts(purpose, { languages: [language] }));
}

function addressesIn(html: string): Set<string> {
  return new Set([...html.matchAll(/href="([^"]*)"/g)].map(([, href = ""]) => unescaped(href)));
}

function unescaped(html: string): string {
  return html.replaceAll("&amp;", "&");
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe("a built-in mail", () => {
  it.each(everyMail)("of %s in %s has one link and one code, where it should", (purpose, tag) => {
    const { html, text, subject, link, code, language, failure } = compose(purpose, tag);
    expect([language, failure]).toEqual([tag, null]);
    expect(subject).toMatch(/Corner Shop/);
    expect([link !== null, code !== null]).toEqual([hasLink(purpose), hasCode(purpose)]);
    if (link !== null) {
      expect(addressesIn(html)).toEqual(new Set([link]));
      expect(occurrences(text, link)).toBe(1);
      expect(text.split("\n")).toContain(link);
    }
    if (code !== null) {
      expect([occurrences(html, code), occurrences(text, code)]).toEqual([1, 1]);
      expect(subject).not.toContain(code);
    }
  });

  it.each(everyMail)(
    "of %s in %s leaves nothing of its template, and loads nothing",
    (purpose, tag) => {
      const { html, text, subject } = compose(purpose, tag);
      for (const part of [html, text, subject]) {
        expect(part).not.toMatch(/\{\{|\{%|undefined|\[object|null/);
      }
      expect(html).not.toMatch(/<img|<script|<link|<iframe|url\(|src=|@import/i);
      expect(html).toContain(`<html lang="${tag}" dir="ltr">`);
      expect(html).toContain('<meta name="color-scheme" content="light dark">');
      expect(text).not.toMatch(/\n{3}/);
    },
  );

  it("leads somebody with an account to the project's pages, or to its site where they are off", () => {
    const pages = compose("account_exists");
    expect(addressesIn(pages.html)).toEqual(
      new Set([
        "https://auth.example/proj_shop/sign-in",
        "https://auth.example/proj_shop/forgot-password",
      ]),
    );
    const settings = { pages_enabled: false };
    const site = composeMessage(mailParts("account_exists", { settings }));
    expect(addressesIn(site.html)).toEqual(new Set(["https://shop.example"]));
    const nowhere = composeMessage(
      mailParts("account_exists", { settings: { ...settings, site_url: "" } }),
    );
    expect([addressesIn(nowhere.html), /:\n\n/.test(nowhere.text)]).toEqual([new Set(), false]);
  });

  it.each(["email_change", "email_change_current", "email_changed"] as const)(
    "of %s says which account, and its new address",
    (purpose) => {
      const { html, text } = compose(purpose);
      for (const part of [html, text]) {
        expect(part).toContain("ada@shop.example");
        expect(part).toContain("ada.lovelace@mail.example");
      }
    },
  );

  it("goes to the stored address, whatever else is known of the user (case 18)", () => {
    const recipient = "stored@shop.example";
    const parts = mailParts("recovery", { recipient, data: { email: "other@shop.example" } });
    expect(composeMessage(parts).to).toBe(recipient);
  });

  it("says how long link and code live, in words", () => {
    const settings = { code_lifetime: 90, link_lifetime: 5_400 };
    const { text } = composeMessage(mailParts("recovery", { settings, languages: ["de"] }));
    expect(text).toContain("90 Minuten");
    expect(text).toContain("1 Minute ");
    expect(compose("recovery").text).toMatch(/for 1 hour[\s\S]*for 10 minutes/);
  });

  it("names the project by its id while it has no name, and writes the name as text", () => {
    const named = (name: string) => composeMessage(mailParts("recovery", { settings: { name } }));
    expect(named("").subject).toContain("proj_shop");
    const { subject, html } = named("Salt & <b>Pepper</b>\r\nBcc: eve@evil.example");
    expect(html).toContain("Salt &amp; &lt;b&gt;Pepper&lt;/b&gt; Bcc");
    expect(subject).toContain("Salt & <b>Pepper</b> Bcc");
    expect(subject).not.toMatch(/[\r\n]/);
  });

  it("has a subject of at most 150 characters", () => {
    const settings = { name: "🦜".repeat(300) };
    const { subject } = composeMessage(mailParts("recovery", { settings }));
    expect([[...subject].length, subject.isWellFormed()]).toEqual([150, true]);
  });

  it.each([
    ["#1d4ed8", "#ffffff"],
    ["#facc15", "#000000"],
    ["#000000", "#ffffff"],
    ["#ffffff", "#000000"],
  ])("has a button of the project's colour %s with %s words", (page_color, words) => {
    const { html } = composeMessage(mailParts("recovery", { settings: { page_color } }));
    expect(html).toMatch(
      new RegExp(`background-color:${page_color}[^>]*>\\s*<a[^>]*color:${words}`),
    );
  });
});
