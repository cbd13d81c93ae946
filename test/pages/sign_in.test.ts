import { beforeAll, describe, expect, it } from "vitest";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { hiddenFields, openPage, sendForm } from "../support/pages.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

const site = "https://shop.example/start";

let project: TestProject;
let email: string;
beforeAll(async () => {
  project = await createTestProject({ site_url: site, mail_interval: 0, name: "The Shop" });
  email = freshEmail();
  await project.signUp({ email });
});

describe("signing in and up on a page", () => {
  it("signs in, and tells nothing of which of the two was wrong (case 10)", async () => {
    const led = await sendForm(project, "/sign-in", {
      email: ` ${email} `,
      password: goodPassword,
    });
    expect([led.status, led.location?.split("#")[0]]).toEqual([303, site]);
    expect(Object.keys(led.fragment)).not.toContain("type");
    const wrong = await sendForm(project, "/sign-in", { email, password: "not the password" });
    const stranger = freshEmail();
    const unknown = await sendForm(project, "/sign-in", {
      email: stranger,
      password: "not the password",
    });
    expect(wrong.status).toBe(400);
    expect(wrong.html).not.toContain("not the password");
    expect(unknown.html.replaceAll(stranger, "x")).toBe(wrong.html.replaceAll(email, "x"));
  });

  it("sends a link or a code instead, and says the same to a stranger (case 10)", async () => {
    const sent = await sendForm(project, "/sign-in", { email, by: "mail" });
    const stranger = freshEmail();
    const unknown = await sendForm(project, "/sign-in", { email: stranger, by: "mail" });
    expect(sent.status).toBe(200);
    expect(unknown.html.replaceAll(stranger, "x")).toBe(sent.html.replaceAll(email, "x"));
    expect(await queuedMail(project, stranger)).toEqual([]);
    const { code, purpose } = await newestMail(project, email);
    expect(purpose).toBe("magiclink");
    const form = { ...hiddenFields(sent), email };
    const refused = await sendForm(project, "/verify/confirm", { ...form, code: "12345" });
    expect([refused.status, refused.html.includes("This code is wrong")]).toEqual([403, true]);
    const led = await sendForm(project, "/verify/confirm", { ...form, code });
    expect([led.status, led.location?.split("#")[0]]).toEqual([303, site]);
  });

  it("signs up and in at once where addresses need no proof, and says why where it refuses", async () => {
    const fields = { email: freshEmail(), password: goodPassword };
    const led = await sendForm(project, "/sign-up", fields);
    expect([led.status, led.fragment.type]).toEqual([303, "signup"]);
    const again = await sendForm(project, "/sign-up", fields);
    expect([again.status, again.html.includes("There is an account")]).toEqual([422, true]);
    for (const [password, says] of [
      ["short", "at least 8 characters"],
      ["password1234", "easily guessed"],
      ["x".repeat(4097), "cannot be used"],
      ["", "Enter a password"],
    ] as const) {
      const { status, html } = await sendForm(project, "/sign-up", {
        email: freshEmail(),
        password,
      });
      expect([status >= 400, html.includes(says), html.includes('aria-invalid="true"')]).toEqual([
        true,
        true,
        true,
      ]);
    }
    const { status, html } = await sendForm(project, "/sign-up", {
      email: "no address",
      password: goodPassword,
    });
    expect([status, html.includes('aria-describedby="email-wrong"')]).toEqual([400, true]);
  });

  it("asks for the mail's code where addresses must be proved, whether or not one was taken (case 10)", async () => {
    const strict = await createTestProject({
      email_confirmation: "required",
      mail_interval: 0,
      site_url: site,
    });
    const fields = { email: freshEmail(), password: goodPassword };
    const sent = await sendForm(strict, "/sign-up", fields);
    expect([sent.status, sent.html.includes("Check your mail")]).toEqual([200, true]);
    const early = await sendForm(strict, "/sign-in", fields);
    expect([early.status, early.html.includes("Confirm your address first")]).toEqual([400, true]);
    const { code } = await newestMail(strict, fields.email);
    const led = await sendForm(strict, "/verify/confirm", {
      ...hiddenFields(sent),
      email: fields.email,
      code,
    });
    expect([led.status, led.fragment.type]).toEqual([303, "signup"]);
    expect((await sendForm(strict, "/sign-up", fields)).html).toBe(sent.html);
  });

  it("is closed where sign-up is", async () => {
    const closed = await createTestProject({ signup_enabled: false });
    expect((await openPage(closed, "/sign-in")).html).not.toContain("/sign-up");
    const shown = await openPage(closed, "/sign-up");
    expect([shown.status, shown.html.includes("<form")]).toEqual([422, false]);
    const fields = { email: freshEmail(), password: goodPassword };
    expect((await sendForm(closed, "/sign-up", fields)).status).toBe(422);
    expect(await closed.sql("select id from users")).toEqual([]);
  });

  it("says how long to wait, and tells machines", async () => {
    const slow = await createTestProject({ mail_interval: 600 });
    const address = freshEmail();
    await sendForm(slow, "/forgot-password", { email: address });
    const { status, html, headers } = await sendForm(slow, "/forgot-password", { email: address });
    expect([status, html.includes("Try again in 10 minutes")]).toEqual([429, true]);
    expect(Number(headers.get("Retry-After"))).toBeGreaterThan(500);
  });

  it("carries what the app asked for from page to page", async () => {
    const state = {
      redirect_to: "https://shop.example/account?a=1&b=2",
      code_challenge: "c".repeat(43),
      code_challenge_method: "s256",
    };
    const shown = await openPage(project, `/forgot-password?${new URLSearchParams(state)}`);
    expect(hiddenFields(shown)).toEqual(state);
    const sent = await sendForm(project, "/forgot-password", { ...hiddenFields(shown), email });
    expect(hiddenFields(sent)).toMatchObject(state);
    const link = /href="([^"]*sign-in[^"]*)"/.exec(shown.html)?.[1]?.replaceAll("&amp;", "&");
    expect(Object.fromEntries(new URL(link ?? "", "http://auth.test").searchParams)).toEqual(state);
    expect((await newestMail(project, email)).redirectTo).toBe(state.redirect_to);
  });
});
