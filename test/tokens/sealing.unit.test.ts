import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  generateMasterKey,
  jwtKeyContext,
  parseKeyring,
  seal,
  unseal,
} from "../../src/projects/secrets.ts";

const [first, second] = [generateMasterKey(), generateMasterKey()];
const keyring = parseKeyring(first);
const operator = expect.objectContaining({ name: "OperatorError" });

describe("a sealed secret", () => {
  it("opens to what it was, and looks different each time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), (secret, context) => {
        fc.pre(secret.isWellFormed() && context.isWellFormed());
        const sealed = seal(keyring, secret, context);
        expect(unseal(keyring, sealed, context)).toBe(secret);
        expect(seal(keyring, secret, context).equals(sealed)).toBe(false);
        if (secret.length > 3) expect(sealed.includes(Buffer.from(secret))).toBe(false);
      }),
    );
  });

  it("opens for its own project and key id only", () => {
    const sealed = seal(keyring, "secret", jwtKeyContext("proj_a", "key-1"));
    for (const context of [
      jwtKeyContext("proj_b", "key-1"),
      jwtKeyContext("proj_a", "key-2"),
      jwtKeyContext("proj_a", "key-1/"),
      "",
    ]) {
      expect(() => unseal(keyring, sealed, context)).toThrow(operator);
    }
  });

  it("does not open after any change of any bit, nor when it is cut", () => {
    const sealed = seal(keyring, "a secret of some length", "context");
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => unseal(keyring, changed, "context")).toThrow(operator);
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => unseal(keyring, sealed.subarray(0, length), "context")).toThrow(operator);
    }
  });

  it("opens under any key of the ring, and is sealed under the first", () => {
    const old = seal(keyring, "secret", "context");
    const both = parseKeyring(`${second}, ${first}`);
    expect(unseal(both, old, "context")).toBe("secret");
    const renewed = seal(both, "secret", "context");
    expect(unseal(parseKeyring(second), renewed, "context")).toBe("secret");
    expect(() => unseal(keyring, renewed, "context")).toThrow(operator);
    expect(() => unseal(parseKeyring(second), old, "context")).toThrow(operator);
  });
});

describe("a MIOSA_AUTH_KEY", () => {
  it("is 64 hex characters, or several of them, and nothing else", () => {
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).not.toBe(first);
    expect(parseKeyring(first.toUpperCase()).keys).toHaveLength(1);
    for (const text of ["", " ", ",", `${first},`, `,${first}`, first.slice(1), `${first}0`]) {
      expect(() => parseKeyring(text)).toThrow(RangeError);
    }
    for (const text of [`0x${first.slice(2)}`, `${first} ${second}`, "g".repeat(64)]) {
      expect(() => parseKeyring(text)).toThrow(RangeError);
    }
  });

  it("is not quoted when it is refused", () => {
    const typo = first.slice(1);
    try {
      parseKeyring(typo);
    } catch (error) {
      expect(String(error)).not.toContain(typo.slice(0, 16));
    }
    expect.assertions(1);
  });
});
