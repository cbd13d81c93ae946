import { dictionary } from "@zxcvbn-ts/language-common";
import { describe, expect, it } from "vitest";
import { assessPassword } from "../../src/passwords/strength.ts";

const context = ["Ann.Smith@example.org", "Acme Clinic", "proj_4f9k2"];

function reasons(password: string, minLength = 8): string[] {
  return assessPassword(password, { minLength, context })?.reasons ?? [];
}

describe("assessPassword", () => {
  it("case 1: counts code points, with the sentence of the wire", () => {
    expect(assessPassword("xk3qz7w", { minLength: 8, context })).toEqual({
      reasons: ["length"],
      message: "Password should be at least 8 characters",
    });
    expect(reasons("xk3qz7wv")).toEqual([]);
    expect(reasons("😀".repeat(8))).toEqual([]);
    expect(reasons("😀".repeat(7))).toEqual(["length"]);
    expect(reasons("quiet river st", 15)).toEqual(["length"]);
    expect(reasons("quiet river sto", 15)).toEqual([]);
  });

  it.each([
    ["64 characters", "xq".repeat(32)],
    ["128 characters", "xq".repeat(64)],
    ["200 characters", "xq".repeat(100)],
    ["spaces everywhere", "  some words   here  "],
    ["emoji", "🐙 🌋 🛶 🎻 🪁"],
    ["CJK", "这是一个很长的密码"],
    ["only lower case", "quietriverstone"],
    ["only digits", "830174629518364"],
    ["a lone surrogate", "abcdefgh\ud800"],
  ])("case 2: asks for no composition, %s", (_name, password) => {
    expect(reasons(password)).toEqual([]);
  });

  it("case 6: refuses the bundled list, in any case", () => {
    const listed = dictionary["passwords-common"].filter((word) => word.length >= 8);
    expect(listed.length).toBeGreaterThan(10_000);
    for (const word of listed) {
      expect(reasons(word)).toEqual(["pwned"]);
      expect(reasons(word.toUpperCase())).toEqual(["pwned"]);
    }
  });

  it.each([
    "ann.smith@example.org",
    "ANN.SMITH@EXAMPLE.ORG",
    "ann.smith",
    "AnnSmith2026",
    "Acme Clinic",
    "acme-clinic1",
    "Clinic123",
    "2026 clinic!!",
    "proj_4f9k2",
    "miosa2026!",
    "MIOSA-1234",
    "***Miosa***",
  ])("case 6: refuses %j, made of the address, the project or the product", (password) => {
    expect(reasons(password)).toEqual(["pwned"]);
  });

  it.each(["clinical trial", "my miosa account", "smithereens", "annual clinic", "20262026!!"])(
    "leaves %j, which only contains or resembles a word of the context",
    (password) => {
      expect(reasons(password)).toEqual([]);
    },
  );

  it("ignores empty context, and short words unless they are the whole password", () => {
    expect(
      assessPassword("jo-4821-9937", { minLength: 8, context: ["", "  ", "jo@example.org"] }),
    ).toBeNull();
    expect(assessPassword("12345-98765", { minLength: 8, context: ["99@example.org"] })).toBeNull();
    expect(assessPassword("jo", { minLength: 1, context: ["jo@example.org"] })).not.toBeNull();
  });

  it("case 6: says the reason in words without repeating the password", () => {
    for (const password of ["football1", "password", "Clinic123"]) {
      const message = assessPassword(password, { minLength: 8, context })?.message ?? "";
      expect(message.length).toBeGreaterThan(20);
      expect(message).not.toContain(password);
    }
  });
});
