import { beforeAll, describe, expect, it } from "vitest";
import { assignSettings, changeSettings, readSettings } from "../../src/projects/settings.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
});

const redirectRange =
  "a list of URLs such as https://app.example/** or https://*.app.example/callback";

function assign(assignments: Record<string, string>) {
  return assignSettings(project.service.admin, project.id, assignments);
}

describe("settings as an operator types them", () => {
  it("become what each is: truth values, numbers, texts and lists", async () => {
    const settings = await assign({
      signup_enabled: "off",
      bcrypt_cost: "12",
      name: "Ärzte, GmbH = gut",
      cors_origins: "https://a.example, https://b.example:8443",
      email_confirmation: "required",
    });
    expect(settings).toMatchObject({
      signup_enabled: false,
      bcrypt_cost: 12,
      name: "Ärzte, GmbH = gut",
      cors_origins: ["https://a.example", "https://b.example:8443"],
      email_confirmation: "required",
    });
    expect(await assign({ signup_enabled: "TRUE", cors_origins: "" })).toEqual({
      ...settings,
      signup_enabled: true,
      cors_origins: [],
    });
  });

  it("are refused by an unknown name with the list of the known ones", async () => {
    const attempt = assign({ no_such_thing: "1" });
    await expect(attempt).rejects.toMatchObject({ code: "validation_failed" });
    const message = await attempt.catch((error: Error) => error.message);
    const names = Object.keys(await readSettings(project.service.admin, project.id));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !String(message).includes(name))).toEqual([]);
    expect(message).not.toContain("singleton");
  });

  it.each([
    ["bcrypt_cost", "9", "a whole number from 10 to 16"],
    ["bcrypt_cost", "17", "a whole number from 10 to 16"],
    ["bcrypt_cost", "99999999999", "a whole number from 10 to 16"],
    ["bcrypt_cost", "10.5", "a whole number from 10 to 16"],
    ["bcrypt_cost", "", "a whole number from 10 to 16"],
    ["session_lifetime", "-1", "a whole number from 0 to 315360000"],
    ["signup_enabled", "perhaps", "true or false"],
    ["email_confirmation", "sometimes", "one of optional, required, off"],
    ["name", "x".repeat(101), "a text of at most 100 characters"],
    ["name", "a\0b", "a text of at most 100 characters"],
    ["cors_origins", "https://a.example/", "a list of origins such as https://app.example"],
    ["cors_origins", "*", "a list of origins such as https://app.example"],
    ["site_url", "shop.example", "a URL such as https://app.example"],
    ["site_url", "https://*.shop.example", "a URL such as https://app.example"],
    ["redirect_urls", "https://ok.example,https://*.example", redirectRange],
    ["redirect_urls", "*", redirectRange],
    ["redirect_urls", "javascript:alert(1)", redirectRange],
  ])("say what %s can be when it is given %j", async (name, text, range) => {
    const before = await readSettings(project.service.admin, project.id);
    const attempt = assign({ password_min_length: "20", [name]: text });
    await expect(attempt).rejects.toMatchObject({
      code: "validation_failed",
      message: `The setting ${name} cannot have this value: it is ${range}`,
    });
    expect(await readSettings(project.service.admin, project.id)).toEqual(before);
  });

  it("take the URLs that links may lead to, from an operator and from a program alike", async () => {
    const redirect_urls = ["https://*.shop.example/**", "http://localhost:3000", "shop://open"];
    expect(await assign({ redirect_urls: redirect_urls.join(", ") })).toMatchObject({
      redirect_urls,
    });
    const { admin } = project.service;
    for (const wrong of [{ redirect_urls: ["https://*"] }, { site_url: "//shop.example" }]) {
      await expect(changeSettings(admin, project.id, wrong)).rejects.toMatchObject({
        code: "validation_failed",
      });
    }
    expect(await assign({ site_url: "" })).toMatchObject({ redirect_urls, site_url: "" });
  });

  it("leave a line in the audit log that says who, and which, when something changed", async () => {
    const lines = () =>
      project.sql(
        "select detail -> 'names' as names, detail ? 'by' as by from audit_log where event = 'settings_changed'",
      );
    const before = await lines();
    await assign({ name: "Clinic", site_url: "https://clinic.example" });
    await assign({ name: "Clinic" });
    expect((await lines()).slice(before.length)).toEqual([
      { names: ["name", "site_url"], by: true },
    ]);
  });
});
