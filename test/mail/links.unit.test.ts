import { describe, expect, it } from "vitest";
import { verifyLink } from "../../src/mail/links.ts";

const authUrl = "https://auth.example/proj_shop";
const link = (redirectTo: string | null) =>
  verifyLink(authUrl, "recovery", { token: "t0ken", redirectTo });

describe("the link of a mail", () => {
  it("has the token, the type, and where it leads", () => {
    expect(link("https://shop.example/in")).toBe(
      `${authUrl}/verify?token=t0ken&type=recovery&redirect_to=https://shop.example/in`,
    );
    expect(link(null)).toBe(`${authUrl}/verify?token=t0ken&type=recovery`);
  });

  it("is of one type for both sides of a change of address", () => {
    for (const purpose of ["email_change", "email_change_current"] as const) {
      const made = verifyLink(authUrl, purpose, { token: "t", redirectTo: null });
      expect(made).toBe(`${authUrl}/verify?token=t&type=email_change`);
    }
  });

  it.each([
    "https://shop.example/a?b=c",
    "https://shop.example/a?b&c",
    "https://shop.example/#/in",
    "https://shop.example/a b",
    'https://shop.example/"><b>',
    "https://shop.example/ü",
  ])("encodes %s, which could be misread", (url) => {
    const made = link(url);
    expect(made.endsWith(`&redirect_to=${encodeURIComponent(url)}`)).toBe(true);
    expect(new URL(made).searchParams.get("redirect_to")).toBe(url);
  });

  it.each(["https://shop.example/", "myapp://in/now", "http://[::1]:3000/a,b;c@d?x"])(
    "leaves %s as it is",
    (url) => {
      expect(link(url).endsWith(`&redirect_to=${url}`)).toBe(true);
      expect(new URL(link(url)).searchParams.get("redirect_to")).toBe(url);
    },
  );
});
