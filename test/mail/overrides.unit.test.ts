import { describe, expect, it } from "vitest";
import { composeMessage } from "../../src/mail/message.ts";
import type { FolderTemplate, OwnTemplate } from "../../src/mail/templates/template.ts";
import { mailParts } from "../support/mail_parts.ts";

function own(subject: string, language = "en"): OwnTemplate {
  return { purpose: "recovery", language, subject, html: "<p>{{ link }}</p>", text: "{{ link }}" };
}

function inFolder(projectId: string | null, subject: string, language = "en"): FolderTemplate {
  return { ...own(subject, language), projectId };
}

function compose(
  templates: OwnTemplate[],
  folderTemplates: FolderTemplate[] = [],
  languages = ["en"],
) {
  const parts = mailParts("recovery", { settings: { templates }, folderTemplates, languages });
  return composeMessage(parts);
}

describe("a template of an operator's own", () => {
  const folder = [
    inFolder(null, "of all"),
    inFolder("proj_other", "of another project"),
    inFolder("proj_shop", "of the project's folder"),
  ];

  it("is taken from the project, then its folder, then the folder, then the release", () => {
    expect(compose([own("of the project")], folder).subject).toBe("of the project");
    expect(compose([], folder).subject).toBe("of the project's folder");
    expect(compose([], folder.slice(0, 2)).subject).toBe("of all");
    expect(compose([], folder.slice(1, 2)).subject).toBe("Choose a new password for Corner Shop");
  });

  it("is for its purpose alone", () => {
    const parts = mailParts("magiclink", { settings: { templates: [own("of recovery")] } });
    expect(composeMessage(parts).subject).toBe("Sign in to Corner Shop");
  });

  it("adds a language for its purpose, and only there", () => {
    expect(compose([own("en français", "fr")], [], ["fr-CA", "de"])).toMatchObject({
      subject: "en français",
      language: "fr",
    });
    const templates = [own("en français", "fr")];
    const other = mailParts("invite", { settings: { templates }, languages: ["fr", "de"] });
    expect(composeMessage(other).language).toBe("de");
  });

  it("of a purpose that this release does not know is left alone", () => {
    const templates = [{ ...own("from the future"), purpose: "fortune" }];
    const parts = mailParts("recovery", { settings: { templates } });
    expect(composeMessage(parts)).toMatchObject({ language: "en", failure: null });
  });
});

describe("a template that fails", () => {
  it.each([
    ["{{ link", "html"],
    ["{{ link | raw }}", "html"],
    ["{% for i in (1..100000000) %}x{% endfor %}", "text"],
    ["{% nothing %}", "subject"],
  ])("gives way to the built-in words, and the operator hears of it: %s", (source, part) => {
    const broken = { ...own("of the project", "de"), [part]: source };
    const message = compose([broken], [], ["de"]);
    expect(message).toMatchObject({
      subject: "Neues Passwort für Corner Shop",
      language: "de",
      failure: { projectId: "proj_shop", purpose: "recovery", language: "de", source: "project" },
    });
    expect(message.text).toContain(message.link);
  });

  it("in a language that the release has not gives way to one of the user's that it has", () => {
    const message = compose([{ ...own("x", "fr"), html: "{{ nope" }], [], ["fr", "de"]);
    expect([message.language, message.failure?.language]).toEqual(["de", "fr"]);
  });

  it("is told of without a value of the mail", () => {
    const source = "{% assign a = link | append: code | append: user_metadata.name %}{{ a | raw }}";
    const { failure, link, code } = compose([{ ...own("x"), html: source }]);
    const told = JSON.stringify(failure);
    expect(told).toContain("undefined filter: raw");
    for (const value of [link, code, "Ada Lovelace", "ada@shop.example"]) {
      expect(told).not.toContain(value);
    }
  });
});
