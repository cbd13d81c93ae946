import { describe, expect, it } from "vitest";
import { hashProof } from "../../src/passwords/proof.ts";
import { isSalt, maxCost, newSalt } from "../../src/passwords/salt.ts";

describe("newSalt", () => {
  it("case 9: is $2a$, of the cost asked for, canonical and fresh", () => {
    const salts = Array.from({ length: 1_000 }, () => newSalt(10));
    for (const salt of salts) {
      // Two bits are left for the last character: one of four.
      expect(salt).toMatch(/^\$2a\$10\$[./A-Za-z0-9]{21}[.Oeu]$/);
      expect(isSalt(salt)).toBe(true);
    }
    expect(new Set(salts).size).toBe(salts.length);
  });

  it("uses every digit of the alphabet", () => {
    const digits = Array.from({ length: 1_000 }, () => newSalt(4).slice(7)).join("");
    expect(new Set(digits).size).toBe(64);
  });

  it("writes the cost with two digits and refuses any other", () => {
    expect(newSalt(4)).toMatch(/^\$2a\$04\$/);
    expect(newSalt(maxCost)).toMatch(/^\$2a\$16\$/);
    for (const cost of [3, maxCost + 1, 10.5, Number.NaN, -10]) {
      expect(() => newSalt(cost)).toThrow(RangeError);
    }
  });
});

describe("hashProof", () => {
  it("is the SHA-256 of the text of the hash", () => {
    expect(hashProof("abc").toString("hex")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});
