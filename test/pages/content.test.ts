import { beforeAll, describe, expect, it } from "vitest";
import { script } from "../../src/http/pages/script.ts";
import { openPage, type PageReply, sendForm } from "../support/pages.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const site = "https://shop.example/start";
const paths = ["/sign-in", "/sign-up", "/forgot-password", "/reset-password"];
const fullWidth = "https://shop\uff0eexample/";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject({ site_url: site, name: "The Shop" });
});

describe("what a page says", () => {
  it("is escaped, whoever wrote it (case 87)", async () => {
    const attack = `"><script>alert(1)</script><b x='`;
    const hostile = await createTestProject({ name: attack, site_url: site });
    const query = new URLSearchParams({
      redirect_to: attack,
      error: "access_denied",
      error_description: attack,
      email: attack,
      token: attack,
      type: attack,
      message: attack,
    });
    const pages: [string, PageReply][] = [];
    for (const path of [...paths, "/verify", "/verify/confirm"]) {
      pages.push([path, await openPage(hostile, `${path}?${query}`)]);
    }
    for (const path of [...paths, "/verify/confirm"]) {
      const fields = { email: attack, password: attack, code: attack, token: "", type: attack };
      pages.push([
        path,
        await sendForm(hostile, path, { ...fields, from: attack, redirect_to: attack }),
      ]);
      pages.push([path, await sendForm(hostile, path, { ...fields, token: attack })]);
    }
    for (const [path, { html, headers, location }] of pages) {
      const written = html.replace(`<script>${script}</script>`, "");
      expect([path, written.includes("<script"), html.includes("<b x")]).toEqual([
        path,
        false,
        false,
      ]);
      expect(headers.get("Content-Security-Policy")).not.toMatch(/alert|unsafe/);
      expect(location ?? "").not.toContain("alert");
    }
    const [, signIn] = pages[0] ?? [];
    expect(signIn?.html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    // What stands in the query alone is not said at all.
    expect(pages.filter(([, { html }]) => html.includes("access_denied"))).toEqual([]);
  });

  it("is in the browser's language, or the project's, or English", async () => {
    const german = await createTestProject({ language: "de" });
    const title = async (of: TestProject, wish?: string) => {
      const headers: Record<string, string> = wish === undefined ? {} : { "Accept-Language": wish };
      const { html } = await openPage(of, "/sign-in", { headers });
      return [/<html lang="(..)">/.exec(html)?.[1], /<h1>(.*)<\/h1>/.exec(html)?.[1]];
    };
    expect(await title(project)).toEqual(["en", "Sign in"]);
    expect(await title(project, "de-AT,de;q=0.9,en;q=0.1")).toEqual(["de", "Anmelden"]);
    expect(await title(project, "xx, en;q=0.5, de;q=0.4")).toEqual(["en", "Sign in"]);
    expect(await title(german)).toEqual(["de", "Anmelden"]);
    expect(await title(german, "fr, nonsense;;;")).toEqual(["de", "Anmelden"]);
    expect(await title(german, "en")).toEqual(["en", "Sign in"]);
    const { html, headers } = await openPage(project, "/sign-in");
    expect([headers.get("Vary"), html.includes("<title>Sign in – The Shop</title>")]).toEqual([
      "Accept-Language",
      true,
    ]);
  });

  it("has the project's colour, with words on it that can be read", async () => {
    const bright = await createTestProject({ page_color: "#ffe14d" });
    expect((await openPage(bright, "/sign-in")).html).toContain(
      "--brand: #ffe14d;\n  --on-brand: #000000;",
    );
    expect((await openPage(project, "/sign-in")).html).toContain(
      "--brand: #1d4ed8;\n  --on-brand: #ffffff;",
    );
  });
});

describe("the headers of a page (case 72)", () => {
  it("keep it out of caches, frames and Referers, and let it load nothing and send its form to us and the app", async () => {
    const asked = `?redirect_to=${encodeURIComponent("https://shop.example/account")}`;
    for (const path of [...paths, "/verify"]) {
      const { headers, html } = await openPage(project, path + asked);
      expect([
        headers.get("Cache-Control"),
        headers.get("Referrer-Policy"),
        headers.get("X-Content-Type-Options"),
        headers.get("X-Frame-Options"),
        headers.get("Set-Cookie"),
        headers.get("Content-Type"),
      ]).toEqual(["no-store", "no-referrer", "nosniff", "DENY", null, "text/html; charset=UTF-8"]);
      expect(headers.get("Content-Security-Policy")).toMatch(
        /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; script-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self' https:\/\/shop\.example; frame-ancestors 'none'; base-uri 'none'$/,
      );
      // Nothing is fetched from anywhere, so nothing can be told a token.
      expect(html).not.toMatch(/src=|href="(https?:)?\/\/|<link|url\(/);
    }
  });

  it("let a form end at an app's own scheme, and at no origin that is not admitted", async () => {
    const mobile = await createTestProject({ redirect_urls: ["com.example.app:/callback"] });
    const policy = async (redirectTo: string) => {
      const asked = `/sign-in?redirect_to=${encodeURIComponent(redirectTo)}`;
      const { headers } = await openPage(mobile, asked);
      return /form-action ([^;]*)/.exec(headers.get("Content-Security-Policy") ?? "")?.[1];
    };
    expect(await policy("com.example.app:/callback")).toBe("'self' com.example.app:");
    for (const other of ["https://evil.example", "data:x", "a; script-src *", fullWidth]) {
      expect(await policy(other)).toBe("'self'");
    }
  });
});
