import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { projectDirectory } from "../../src/projects/directory.ts";
import { changeSettings, readSettings, type Settings } from "../../src/projects/settings.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
});

function change(changes: Partial<Settings>): Promise<Settings> {
  return changeSettings(project.service.admin, project.id, changes);
}

/** The least and the most of every setting that has a range. */
const ranges: Record<string, [number, number]> = {
  password_min_length: [6, 128],
  bcrypt_cost: [10, 16],
  access_token_lifetime: [60, 86_400],
  session_lifetime: [0, 315_360_000],
  session_idle_timeout: [0, 315_360_000],
  sessions_per_user: [1, 10_000],
  login_failures_before_wait: [1, 100],
  login_guesses_per_day: [1, 100],
  logins_per_address: [0, 100_000],
  signups_per_address: [0, 100_000],
  mails_per_address: [0, 100_000],
  mails_per_recipient_per_day: [1, 1000],
  mail_interval: [0, 3600],
  mail_recipients_per_hour: [1, 100_000],
  code_guesses_per_day: [1, 20],
  code_lifetime: [60, 3600],
  link_lifetime: [300, 86_400],
};

describe("the settings of a project", () => {
  it("are what the house decided until somebody changes them", async () => {
    expect(await readSettings(project.service.admin, project.id)).toEqual({
      name: "",
      site_url: "",
      cors_origins: [],
      signup_enabled: true,
      email_confirmation: "optional",
      password_min_length: 8,
      breached_passwords: "off",
      password_change: "recent",
      bcrypt_cost: 10,
      access_token_lifetime: 3600,
      audit_retention_days: 90,
      session_lifetime: 0,
      session_idle_timeout: 0,
      sessions_per_user: 100,
      login_failures_before_wait: 10,
      login_guesses_per_day: 100,
      logins_per_address: 60,
      signups_per_address: 100,
      redirect_urls: [],
      email_change_confirmation: "both",
      mails_per_address: 30,
      mails_per_recipient_per_day: 10,
      mail_interval: 60,
      mail_recipients_per_hour: 5000,
      code_guesses_per_day: 20,
      code_lifetime: 600,
      link_lifetime: 3600,
      verify_on_get: false,
      pages_enabled: true,
      page_color: "#1d4ed8",
      language: "en",
      anonymous_users: false,
      manual_linking: false,
      identity_linking: "automatic",
      custom_claims: "",
    });
  });

  it("change one by one, and the answer holds them all", async () => {
    const changed = await change({ name: "Shop", cors_origins: ["https://a.example", "b"] });
    expect(changed).toMatchObject({ name: "Shop", signup_enabled: true });
    expect(await change({ signup_enabled: false })).toEqual({ ...changed, signup_enabled: false });
    expect(await change({})).toEqual({ ...changed, signup_enabled: false });
    expect(await readSettings(project.service.admin, project.id)).toEqual({
      ...changed,
      signup_enabled: false,
    });
    expect(await project.sql("select count(*)::int as rows from settings")).toEqual([{ rows: 1 }]);
  });

  it("have ranges, and keep what they were when a value is outside (validation_failed)", async () => {
    for (const [name, [least, most]] of Object.entries(ranges)) {
      expect((await change({ [name]: least }))[name]).toBe(least);
      expect((await change({ [name]: most }))[name]).toBe(most);
      for (const value of [least - 1, most + 1, 2 ** 40]) {
        await expect(change({ [name]: value }), name).rejects.toMatchObject({
          code: "validation_failed",
        });
      }
      expect((await readSettings(project.service.admin, project.id))[name]).toBe(most);
    }
    await expect(change({ bcrypt_cost: 9 })).rejects.toThrow("The setting bcrypt_cost cannot");
  });

  it.each([
    ["an unknown name", { no_such_setting: 1 }],
    ["an unknown name beside a known one", { name: "x", no_such_setting: 1 }],
    ["the row's own key", { singleton: false }],
    ["a text for a number", { bcrypt_cost: "many" }],
    ["a number with a fraction", { bcrypt_cost: 10.5 }],
    ["a text for a truth value", { signup_enabled: "perhaps" }],
    ["nothing for a value", { bcrypt_cost: null as never }],
    ["an object for a text list", { cors_origins: { a: 1 } as never }],
    ["an unknown choice", { email_confirmation: "sometimes" }],
    ["another unknown choice", { password_change: "never" }],
    ["a name of 101 characters", { name: "x".repeat(101) }],
    ["SQL for a name", { "name = 'x'; drop table users; --": 1 }],
    ["a text with U+0000", { name: "a\0b" }],
    ["a list for all of it", [1] as never],
    ["a text for all of it", "name" as never],
    ["null for all of it", null as never],
  ])("refuse %s, and change nothing (validation_failed)", async (_, changes) => {
    const before = await readSettings(project.service.admin, project.id);
    await expect(change(changes)).rejects.toMatchObject({ code: "validation_failed" });
    expect(await readSettings(project.service.admin, project.id)).toEqual(before);
  });

  it("are those of a project that exists", async () => {
    const { admin } = project.service;
    for (const attempt of [
      () => changeSettings(admin, "proj_none", {}),
      () => readSettings(admin, "proj_none"),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: "project_not_found" });
    }
  });

  it("reach a running server once what it holds is no longer fresh", async () => {
    const { runtime, keyring } = project.service;
    const directory = projectDirectory({ databases: [runtime], keyring, ttl: 20 });
    await change({ name: "before" });
    expect((await directory.find(project.id)).configuration.name).toBe("before");
    await change({ name: "after" });
    await sleep(40);
    expect((await directory.find(project.id)).configuration.name).toBe("after");
  });
});
