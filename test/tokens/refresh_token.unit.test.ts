import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  newRefreshToken,
  parseRefreshToken,
  unwrapUnder,
  wrapUnder,
} from "../../src/tokens/refresh_token.ts";

const token = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
  const parsed = parseRefreshToken(Buffer.from(bytes).toString("base64url"));
  if (!parsed) throw new Error("32 bytes in base64url are a token");
  return parsed;
});

describe("a refresh token", () => {
  it("is 256 random bits: 100,000 differ, and every bit is as often 0 as 1 (case 26)", () => {
    const count = 100_000;
    const ones = new Uint32Array(256);
    const texts = new Set<string>();
    for (let made = 0; made < count; made += 1) {
      const { text, secret } = newRefreshToken();
      texts.add(text);
      for (let bit = 0; bit < 256; bit += 1) {
        ones[bit] = (ones[bit] ?? 0) + (((secret[bit >> 3] ?? 0) >> (bit & 7)) & 1);
      }
    }
    expect(texts.size).toBe(count);
    // Eight standard deviations, so that chance never fails it; a constant bit or a clock does.
    const deviation = Math.sqrt(count) / 2;
    for (const sum of ones) expect(Math.abs(sum - count / 2)).toBeLessThan(8 * deviation);
  });

  it("is stored as SHA-256 of its bytes and given as 43 letters of base64url (case 26)", () => {
    const { text, secret, hash } = newRefreshToken();
    expect(text).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(text, "base64url")).toEqual(secret);
    expect(hash).toEqual(createHash("sha256").update(secret).digest());
  });

  it("is read back as it was given", () => {
    fc.assert(
      fc.property(token, (made) => {
        expect(parseRefreshToken(made.text)).toEqual(made);
      }),
    );
  });

  it("has one spelling: no other base64 of the same bytes is that token", () => {
    fc.assert(
      fc.property(token, fc.integer({ min: 1, max: 3 }), ({ text }, idleBits) => {
        const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        const last = alphabet.indexOf(text.slice(-1));
        const twin = text.slice(0, -1) + alphabet[last | idleBits];
        expect(Buffer.from(twin, "base64url")).toEqual(Buffer.from(text, "base64url"));
        expect(parseRefreshToken(twin)).toBeNull();
      }),
    );
  });

  it.each([
    ["nothing", ""],
    ["one letter less", "A".repeat(42)],
    ["one letter more", "A".repeat(44)],
    ["padding", `${"A".repeat(43)}=`],
    ["the other base64 alphabet", `${"A".repeat(40)}+/A`],
    ["a space before", ` ${"A".repeat(43)}`],
    ["a line end after", `${"A".repeat(43)}\n`],
    ["a letter outside ASCII", `${"A".repeat(42)}Ａ`],
    ["hex", "ab".repeat(32)],
    ["an access token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"],
  ])("is not %s", (_what, text) => {
    expect(parseRefreshToken(text)).toBeNull();
  });
});

describe("a child wrapped under its parent", () => {
  it("is read with the parent, and with no other token", () => {
    fc.assert(
      fc.property(token, token, token, (parent, child, stranger) => {
        fc.pre(stranger.text !== parent.text);
        const wrapped = wrapUnder(parent, child.secret).toString("hex");
        expect(unwrapUnder(parent, wrapped)).toEqual(child);
        expect(unwrapUnder(stranger, wrapped).text).not.toBe(child.text);
      }),
    );
  });

  it("shows neither itself nor its parent, and is not undone by what the database holds", () => {
    fc.assert(
      fc.property(token, token, (parent, child) => {
        const wrapped = wrapUnder(parent, child.secret);
        expect(wrapped).toHaveLength(32);
        const xor = (mask: Uint8Array) => Buffer.from(wrapped.map((b, i) => b ^ (mask[i] ?? 0)));
        const known = [Buffer.alloc(32), parent.secret, parent.hash, child.hash];
        for (const mask of known) expect(xor(mask)).not.toEqual(child.secret);
      }),
    );
  });

  it("is wrapped as in earlier releases, whose rows must stay readable", () => {
    const of = (octet: number) => {
      const parsed = parseRefreshToken(Buffer.alloc(32, octet).toString("base64url"));
      if (!parsed) throw new Error("32 bytes in base64url are a token");
      return parsed;
    };
    expect(of(1).hash.toString("hex")).toBe(
      "72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793",
    );
    expect(wrapUnder(of(1), of(2).secret).toString("hex")).toBe(
      "3d86968f428c1232ae8a606239376ad85869df8fc5e3ee5e5e265bc7df712612",
    );
  });
});
