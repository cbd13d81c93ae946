import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { newestMail } from "../support/outbox.ts";
import { hiddenFields, openPage, type PageReply, sendForm } from "../support/pages.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

const site = "https://shop.example/";
let project: TestProject;
beforeAll(async () => {
  project = await createTestProject({ site_url: site, mail_interval: 0 });
});

/** Opens the newest link to an address and presses the button. */
async function follow(of: TestProject, email: string, type: string): Promise<PageReply> {
  const { token } = await newestMail(of, email);
  const shown = await openPage(of, `/verify?token=${token}&type=${type}`);
  expect(shown.status).toBe(200);
  return sendForm(of, "/verify/confirm", hiddenFields(shown));
}

/** Somebody whose address is proved. */
async function proven(of: TestProject) {
  const session = await of.signUp();
  await of.sql("update users set email_confirmed_at = now() where id = $1", [session.user.id]);
  return session;
}

describe("the link of", () => {
  it("a sign-up confirms the address and signs in", async () => {
    const strict = await createTestProject({ site_url: site, email_confirmation: "required" });
    const email = freshEmail();
    await strict.post("/signup", { email, password: goodPassword });
    const led = await follow(strict, email, "signup");
    expect([led.status, led.location?.split("#")[0], led.fragment.type]).toEqual([
      303,
      site,
      "signup",
    ]);
    const fields = { email, password: goodPassword };
    expect((await strict.post("/token", fields)).status).toBe(200);
  });

  it("a change of address wants both sides: the first says so and brings no session", async () => {
    const old = await proven(project);
    const next = freshEmail();
    const options = { token: old.access_token, method: "PATCH" } as const;
    const { email } = old.user;
    await project.request("/user", {
      ...options,
      body: { email: next, current_password: goodPassword },
    });
    const half = await follow(project, next, "email_change");
    expect([half.status, half.location?.split("#")[0], half.fragment]).toEqual([
      303,
      site,
      { message: expect.stringContaining("other email"), sb: "" },
    ]);
    const whole = await follow(project, email, "email_change");
    expect([whole.status, whole.fragment.type]).toEqual([303, "email_change"]);
    const token = whole.fragment.access_token ?? "";
    expect((await project.request("/user", { token })).body.email).toBe(next);
  });

  it("a change of address says on a page that half is done, where there is no site", async () => {
    const siteless = await createTestProject({ mail_interval: 0 });
    const old = await proven(siteless);
    const next = freshEmail();
    await siteless.request("/user", {
      token: old.access_token,
      method: "PATCH",
      body: { email: next, current_password: goodPassword },
    });
    expect((await follow(siteless, next, "email_change")).html).toContain("One of two addresses");
    expect((await follow(siteless, old.user.email, "email_change")).html).toContain("confirmed");
  });

  it("a banned user says so, and consumes nothing", async () => {
    const { user } = await project.signUp();
    await project.post("/magiclink", { email: user.email });
    await project.sql("update users set banned_until = now() + interval '1 hour' where id = $1", [
      user.id,
    ]);
    const refused = await follow(project, user.email, "magiclink");
    expect([refused.status, refused.html.includes("This account is locked")]).toEqual([400, true]);
    await project.sql("update users set banned_until = null where id = $1", [user.id]);
    expect((await follow(project, user.email, "magiclink")).status).toBe(303);
  });
});

describe("the log", () => {
  it("holds no token, code, address or password of a page (case 72)", async () => {
    const lines: string[] = [];
    const logger = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
    const { runtime, masterKey, publicUrl } = project.service;
    const auth = createAuth({ database: runtime, masterKey, publicUrl, logger });
    const logged = { ...project, service: { ...project.service, auth } };
    const { user } = await project.signUp();
    const { email } = user;

    await sendForm(logged, "/sign-in", { email, by: "mail" });
    const mail = await newestMail(project, email);
    const led = await follow(logged, email, "magiclink");
    await sendForm(logged, "/verify/confirm", { email, code: mail.code, type: "email" });
    await sendForm(logged, "/sign-in", { email, password: goodPassword });
    await openPage(logged, `/sign-in?redirect_to=${encodeURIComponent("https://needle.example")}`);
    const said = lines.join("\n");
    expect(lines.length).toBeGreaterThanOrEqual(6);
    const { access_token = "", refresh_token = "" } = led.fragment;
    expect(access_token).toMatch(/^eyJ/);
    for (const secret of [
      mail.token,
      mail.code,
      email,
      goodPassword,
      access_token,
      refresh_token,
    ]) {
      expect(secret).not.toBe("");
      expect(said).not.toContain(secret);
    }
    expect(said).not.toContain("needle");
    await auth.close();
  });
});
