import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AuthError } from "../../src/errors.ts";
import { maxPasswordBytes, prepare } from "../../src/passwords/prepare.ts";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof AuthError) return error.code;
    throw error;
  }
  return undefined;
}

describe("prepare", () => {
  it("gives up to 72 bytes to bcrypt as they are", () => {
    for (const password of [
      "",
      " lead and trail ",
      "a".repeat(72),
      "é".repeat(36),
      "😀".repeat(18),
    ]) {
      expect(prepare(password)).toBe(password);
    }
  });

  it("case 3: beyond 72 bytes every byte counts, in ASCII and in UTF-8", () => {
    for (const head of ["a".repeat(72), "é".repeat(36), "😀".repeat(18)]) {
      expect(prepare(`${head}X`)).not.toBe(prepare(`${head}Y`));
      expect(prepare(`${head}X`)).not.toBe(head);
      expect(prepare(`${head}X`)).toMatch(/^[A-Za-z0-9+/]{64}$/);
    }
  });

  it("keeps its digest for ever: stored hashes depend on it", () => {
    expect(prepare("a".repeat(73))).toBe(
      "tiKo3l/lLhmf2/3lfLpstjxY1ebzT+yW4Qy5EnxR8FyiPg1+EqTFyfWYXS8pIQSU",
    );
  });

  it("case 2: accepts 4096 bytes, refuses 4097, by bytes and not by characters", () => {
    expect(prepare("a".repeat(maxPasswordBytes))).toHaveLength(64);
    expect(prepare("é".repeat(maxPasswordBytes / 2))).toHaveLength(64);
    expect(codeOf(() => prepare("a".repeat(maxPasswordBytes + 1)))).toBe("validation_failed");
    expect(codeOf(() => prepare(`${"é".repeat(maxPasswordBytes / 2)}a`))).toBe("validation_failed");
  });

  it("case 4: refuses U+0000 wherever it stands", () => {
    for (const password of ["\0", "abc\0def12345", "\0abcdefgh", `${"a".repeat(80)}\0`]) {
      expect(codeOf(() => prepare(password))).toBe("validation_failed");
    }
  });

  it("refuses lone surrogates, which UTF-8 would make equal", () => {
    for (const password of ["abcdefg\ud800", "\udc00abcdefg", `${"a".repeat(80)}\udfff`]) {
      expect(codeOf(() => prepare(password))).toBe("validation_failed");
    }
  });

  it("case 5: does not normalise", () => {
    expect(prepare("caf\u00e9 au lait")).not.toBe(prepare("cafe\u0301 au lait"));
  });

  it("never makes two passwords one, and always fits into bcrypt", () => {
    const password = fc
      .string({ unit: "grapheme", maxLength: 200 })
      .filter((s) => !s.includes("\0"));
    fc.assert(
      fc.property(password, password, (a, b) => {
        expect(prepare(a) === prepare(b)).toBe(a === b);
        expect(Buffer.byteLength(prepare(a))).toBeLessThanOrEqual(72);
      }),
      { numRuns: 2_000 },
    );
  });
});
