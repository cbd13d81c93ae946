import { beforeAll, describe, expect, it } from "vitest";
import { composeMessage } from "../../src/mail/message.ts";
import type { OwnTemplate } from "../../src/mail/templates/template.ts";
import {
  readMailWording,
  removeMailTemplates,
  setMailTemplates,
} from "../../src/projects/mail_templates.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import { mailParts } from "../support/mail_parts.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;

beforeAll(async () => {
  project = await createTestProject();
});

function template(language: string, subject: string, html = "<p>{{ link }}</p>"): OwnTemplate {
  return { purpose: "recovery", language, subject, html, text: "{{ link }}" };
}

const admin = () => project.service.admin;
const wording = () => readMailWording(admin(), project.id);
const names = async () =>
  (await wording()).templates.map(({ language, subject }) => `${language} ${subject}`);

describe("a project's own templates", () => {
  it("take the place of earlier ones of the same purpose and language, and leave others", async () => {
    await setMailTemplates(admin(), project.id, [template("en", "one"), template("de", "eins")]);
    await setMailTemplates(admin(), project.id, [template("en", "two"), template("fr", "deux")]);
    expect(await names()).toEqual(["de eins", "en two", "fr deux"]);
  });

  it("are written with the project's settings as they are stored", async () => {
    await changeSettings(admin(), project.id, { name: "Salt & Co", link_lifetime: 7_200 });
    const html = "{{ project.name }}: {{ link_lifetime }} {{ link }}";
    await setMailTemplates(admin(), project.id, [template("en", "{{ project.name }}", html)]);
    const parts = mailParts("recovery", { settings: await wording() });
    const { subject, html: written } = composeMessage(parts);
    expect(subject).toBe("Salt & Co");
    expect(written).toMatch(/^Salt &amp; Co: 2 hours https:/);
  });

  it("go in one language, or in all", async () => {
    const removed = await removeMailTemplates(admin(), project.id, "recovery", "fr");
    expect(removed).toEqual([{ purpose: "recovery", language: "fr" }]);
    expect(await removeMailTemplates(admin(), project.id, "signup")).toEqual([]);
    expect(await removeMailTemplates(admin(), project.id, "recovery")).toHaveLength(2);
    expect(await names()).toEqual([]);
  });

  it("have a limit together, and all of a call is taken or nothing", async () => {
    const big = (index: number) => template(`en-x${index}`, "big", "x".repeat(65_000));
    const many = Array.from({ length: 31 }, (_, index) => big(index));
    await expect(setMailTemplates(admin(), project.id, many)).rejects.toMatchObject({
      code: "validation_failed",
    });
    const tooLong = template("de", "x".repeat(501));
    await expect(
      setMailTemplates(admin(), project.id, [template("en", "fits"), tooLong]),
    ).rejects.toMatchObject({ constraint: "mail_templates_size" });
    expect(await names()).toEqual([]);
  });

  it("are those of their project alone, and each change is in its audit log", async () => {
    const other = await createTestProject();
    await setMailTemplates(admin(), other.id, [template("en", "theirs"), template("de", "ihres")]);
    expect(await names()).toEqual([]);
    const events = await other.sql(
      "select detail -> 'names' as names from audit_log where event = 'mail_templates_changed'",
    );
    expect(events).toEqual([{ names: ["recovery.de", "recovery.en"] }]);
    await expect(setMailTemplates(admin(), "proj_nobody", [])).rejects.toMatchObject({
      code: "project_not_found",
    });
  });
});
