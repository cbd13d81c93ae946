import { beforeAll, describe, expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { newestMail } from "../support/outbox.ts";
import { openPage, sendForm } from "../support/pages.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

const site = "https://shop.example/start";
const account = "https://shop.example/account?tab=1";

let project: TestProject;
let compatible: TestProject;
beforeAll(async () => {
  project = await createTestProject({ site_url: site });
  compatible = await createTestProject({ site_url: site, mail_interval: 0, verify_on_get: true });
});

describe("pages that a project switched off", () => {
  it("are not there, and a link consumes nothing", async () => {
    const off = await createTestProject({ pages_enabled: false, mail_interval: 0 });
    const { token, email } = await magicLink(off);
    const paths = [
      "/sign-in",
      "/sign-up",
      "/forgot-password",
      "/reset-password",
      "/verify/confirm",
    ];
    for (const path of [...paths, `/verify?token=${token}&type=magiclink`]) {
      expect([path, (await openPage(off, path)).status]).toEqual([path, 404]);
    }
    for (const path of paths) {
      const fields = { email, password: goodPassword, token, type: "magiclink" };
      const { status, headers } = await sendForm(off, path, fields);
      expect([path, status, headers.get("Content-Type")]).toEqual([path, 400, "application/json"]);
    }
    const redeemed = await off.post("/verify", { type: "magiclink", token_hash: token });
    expect(redeemed.status).toBe(200);
  });
});

async function magicLink(of: TestProject, body: object = {}) {
  const email = freshEmail();
  await of.signUp({ email });
  await of.post("/magiclink", { email, ...body });
  return { ...(await newestMail(of, email)), email };
}

describe("GET /verify as GoTrue has it, where a project asked for that", () => {
  it("consumes the link at once and leads to the app with the session", async () => {
    const { token, email } = await magicLink(compatible);
    const path = `/verify?token=${token}&type=magiclink&redirect_to=${encodeURIComponent(account)}`;
    // Even here a HEAD consumes nothing.
    expect((await openPage(compatible, path, { method: "HEAD" })).location).toBeNull();
    const led = await openPage(compatible, path);
    expect([led.status, led.location?.split("#")[0]]).toEqual([303, account]);
    expect(Object.keys(led.fragment)).toEqual([
      "access_token",
      "expires_at",
      "expires_in",
      "refresh_token",
      "sb",
      "token_type",
      "type",
    ]);
    const { body } = await compatible.request("/user", { token: led.fragment.access_token ?? "" });
    expect(body.email).toBe(email);
    const second = await openPage(compatible, path);
    expect([second.status, second.location?.split("#")[0], second.fragment]).toEqual([
      303,
      account,
      {
        error: "access_denied",
        error_code: "otp_expired",
        error_description: "Token has expired or is invalid",
        sb: "",
      },
    ]);
  });

  it("leads to the site with no token where the redirect is not admitted (case 71)", async () => {
    const { token } = await magicLink(compatible);
    const evil = encodeURIComponent("https://evil.example/");
    const { status, location } = await openPage(
      compatible,
      `/verify?token=${token}&type=magiclink&redirect_to=${evil}`,
    );
    expect([status, location]).toEqual([303, site]);
  });

  it("brings a code to a client that asked with a PKCE challenge", async () => {
    const challenge = { code_challenge: "c".repeat(43), code_challenge_method: "s256" };
    const { token } = await magicLink(compatible, challenge);
    const { location } = await openPage(compatible, `/verify?token=${token}&type=magiclink`);
    expect(location).toMatch(/^https:\/\/shop\.example\/start\?code=[\w-]{43}$/);
  });

  it("says what failed where there is nowhere to go: on a page, or as JSON without pages", async () => {
    for (const [pages_enabled, type] of [
      [true, "text/html; charset=UTF-8"],
      [false, "application/json"],
    ] as const) {
      const siteless = await createTestProject({ verify_on_get: true, pages_enabled });
      const { status, headers } = await openPage(siteless, "/verify?token=x&type=magiclink");
      expect([status, headers.get("Content-Type")]).toEqual([403, type]);
    }
  });
});

describe("a developer's own machine", () => {
  it("is admitted as a redirect in development alone", async () => {
    const { runtime, masterKey, publicUrl } = project.service;
    const auth = createAuth({
      database: runtime,
      masterKey,
      publicUrl,
      allowLoopbackOrigins: true,
    });
    const { user } = await project.signUp();
    const redirect_to = "http://localhost:5173/after";
    const fields = { email: user.email, password: goodPassword, redirect_to };
    const development = { ...project, service: { ...project.service, auth } };
    const led = await sendForm(development, "/sign-in", fields);
    expect(led.location?.split("#")[0]).toBe(fields.redirect_to);
    expect((await sendForm(project, "/sign-in", fields)).location).toBe(site);
    await auth.close();
  });
});
