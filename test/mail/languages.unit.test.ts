import { describe, expect, it } from "vitest";
import { composeMessage } from "../../src/mail/message.ts";
import { mailPurposes } from "../../src/mail/purposes.ts";
import { chooseLanguage } from "../../src/mail/templates/language_choice.ts";
import { languages } from "../../src/mail/templates/languages/index.ts";
import { hasLink } from "../../src/mail/templates/variables.ts";
import type { Words } from "../../src/mail/templates/words.ts";
import { mailParts } from "../support/mail_parts.ts";

/** Every text of a language by its place, such as `purposes.recovery.subject`. */
function texts(value: object, path = ""): Map<string, string> {
  return new Map(
    Object.entries(value).flatMap(([name, part]): [string, string][] =>
      typeof part === "string"
        ? [[`${path}${name}`, part]]
        : [...texts(part as object, `${path}${name}.`)],
    ),
  );
}

function placeholders(words: Words): object {
  return Object.fromEntries(
    [...texts(words)].map(([place, text]) => [place, (text.match(/\{\{.*?\}\}/g) ?? []).sort()]),
  );
}

describe("every language", () => {
  it.each(Object.keys(languages))("%s has each text and each placeholder of English", (tag) => {
    const words = languages[tag] ?? expect.fail();
    expect(placeholders(words)).toEqual(placeholders(languages.en));
  });

  it.each(Object.entries(languages))("%s has a button for each mail with a link", (_, words) => {
    for (const purpose of mailPurposes.filter(hasLink)) {
      expect([purpose, words.purposes[purpose].button]).toEqual([purpose, expect.any(String)]);
    }
  });

  it.each(Object.entries(languages))(
    "%s is plain text, since layouts put it into HTML",
    (_, words) => {
      for (const [place, text] of texts(words)) {
        expect([place, text.trim() === text && text !== "", /[<>&"\n]/.test(text)]).toEqual([
          place,
          true,
          false,
        ]);
      }
    },
  );
});

describe("the language of a mail", () => {
  const available = ["en", "de", "pt-br"];
  const choose = (userMetadata: unknown, browser: string[] = [], project = "en") =>
    chooseLanguage({ userMetadata, browser, project }, available);

  it("is the user's, then the browser's, then the project's, then English", () => {
    expect(choose({ locale: "de" }, ["pt-BR"], "pt-br")).toBe("de");
    expect(choose({ language: "de" }, ["pt-BR"], "pt-br")).toBe("de");
    expect(choose({ locale: "fr" }, ["fr", "pt-BR", "de"], "de")).toBe("pt-br");
    expect(choose({}, ["fr"], "de")).toBe("de");
    expect(choose(null, [], "fr")).toBe("en");
  });

  it("is found for a region or another spelling of it", () => {
    expect(choose({ locale: "de_AT" })).toBe("de");
    expect(choose({ locale: "DE-de-1996" })).toBe("de");
    expect(choose({ locale: "pt_BR" })).toBe("pt-br");
    expect(choose({}, ["pt-PT", "de-CH"])).toBe("de");
  });

  it.each([
    ["*"],
    [""],
    ["de;q=1"],
    ["../de"],
    [7],
    [{ de: 1 }],
    ["x".repeat(10_000)],
    ["i-klingon"],
  ])("is not %j, which is no language", (locale) => {
    expect(choose({ locale }, typeof locale === "string" ? [locale] : [], "de")).toBe("de");
  });

  it("is that of the whole mail", () => {
    const parts = mailParts("recovery", { data: { user_metadata: { locale: "de-AT" } } });
    const { language, subject, html, text } = composeMessage(parts);
    expect([language, subject]).toEqual(["de", "Neues Passwort für Corner Shop"]);
    expect(html).toContain('<html lang="de"');
    expect(text).toContain("10 Minuten");
  });
});
