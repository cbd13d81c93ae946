import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalEmail } from "../../src/emails/canonical.ts";

/** The CHECK on stored addresses. */
const stored =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;

describe("canonicalEmail", () => {
  it.each([
    ["mike@example.org", "mike@example.org"],
    ["MiKe@EXAMPLE.Org", "mike@example.org"],
    ["mike+tag@example.org", "mike+tag@example.org"],
    ["o'neil!#$%&*/=?^_`{|}~-@example.org", "o'neil!#$%&*/=?^_`{|}~-@example.org"],
    ["a.b.c@r3---sn.example.co.uk", "a.b.c@r3---sn.example.co.uk"],
    ["a@münchen.example", "a@xn--mnchen-3ya.example"],
    ["a@MÜNCHEN.example", "a@xn--mnchen-3ya.example"],
    ["a@xn--mnchen-3ya.example", "a@xn--mnchen-3ya.example"],
    ["a@faß.example", "a@xn--fa-hia.example"],
    ["a@例え.jp", "a@xn--r8jz45g.jp"],
    [`${"a".repeat(64)}@example.org`, `${"a".repeat(64)}@example.org`],
    [`a@${"b".repeat(63)}.org`, `a@${"b".repeat(63)}.org`],
  ])("folds %j", (input, canonical) => {
    expect(canonicalEmail(input)).toBe(canonical);
  });

  it.each([
    ["dotless i", "m\u0131ke@example.org"],
    ["dotted capital I", "M\u0130KE@example.org"],
    ["Kelvin sign", "mi\u212ae@example.org"],
    ["full-width m", "\uff4dike@example.org"],
    ["fi ligature", "\ufb01ke@example.org"],
    ["zero-width space", "mi\u200bke@example.org"],
    ["soft hyphen", "mi\u00adke@example.org"],
    ["Cyrillic i", "m\u0456ke@example.org"],
    ["composed accent", "mik\u00e9@example.org"],
    ["full-width e in the domain", "mike@\uff45xample.org"],
    ["Kelvin sign in the domain", "mike@\u212aexample.org"],
    ["dotted capital I in the domain", "mike@\u0130example.org"],
    ["ligature in the domain", "mike@\ufb01.org"],
    ["zero-width joiner in the domain", "mike@exam\u200dple.org"],
    ["soft hyphen in the domain", "mike@exam\u00adple.org"],
    ["ideographic full stop", "mike@example\u3002org"],
    ["full-width full stop", "mike@example\uff0eorg"],
    ["full-width at", "mike\uff20example.org"],
    ["circled letters", "mike@\u24d4xample.org"],
    ["decomposed accent in the domain", "mike@mu\u0308nchen.example"],
    ["lone surrogate", "mike@ex\ud800ample.org"],
    ["trailing dot", "mike@example.org."],
  ])("case 17: refuses a %s instead of folding it", (_name, input) => {
    expect(canonicalEmail(input)).toBeNull();
  });

  it.each([
    ["two addresses", "a@x.com,b@y.com"],
    ["two addresses after spaces", "a@x.com, b@y.com"],
    ["a header", "a@x.com\r\nBcc: b@y"],
    ["a header in the local part", "a\r\nBcc: b@y.com"],
    ["a newline at the end", "a@x.com\n"],
    ["a quoted local part", '"a@evil.com x"@good.com'],
    ["quotes", '"a"@x.com'],
    ["angle brackets", "a@x.com <b@y>"],
    ["a display name", "Ann <a@x.com>"],
    ["10 kB", `${"a".repeat(10_000)}@x.com`],
    ["nested groups", "a:b:c:d:;"],
    ["a comment", "a(b)@x.com"],
    ["a space", "a b@x.com"],
    ["surrounding space", " a@x.com "],
    ["NUL", "a\0@x.com"],
    ["a backslash", "a\\@x.com"],
    ["a source route", "@y.com:a@x.com"],
    ["percent in the domain", "a@ex%41mple.org"],
    ["a path", "a@x.com/y"],
    ["a port", "a@x.com:25"],
    ["user info", "a@b@x.com"],
  ])("case 21: refuses %s", (_name, input) => {
    expect(canonicalEmail(input)).toBeNull();
  });

  it.each([
    ["no at", "example.org"],
    ["no local part", "@example.org"],
    ["no domain", "a@"],
    ["leading dot", ".a@x.com"],
    ["trailing dot in the local part", "a.@x.com"],
    ["two dots", "a..b@x.com"],
    ["a long local part", `${"a".repeat(65)}@x.com`],
    ["a long label", `a@${"b".repeat(64)}.org`],
    ["a long domain", `a@${"b.".repeat(126)}org`],
    [
      "255 characters",
      `${"a".repeat(64)}@${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(58)}.org`,
    ],
    ["one label", "a@localhost"],
    ["an empty label", "a@x..com"],
    ["a leading hyphen", "a@-x.com"],
    ["a trailing hyphen", "a@x-.com"],
    ["an underscore", "a@x_y.com"],
    ["an IPv4 address", "a@192.0.2.1"],
    ["an IPv4 literal", "a@[192.0.2.1]"],
    ["an IPv6 literal", "a@[IPv6:2001:db8::1]"],
    ["a numeric TLD", "a@x.123"],
    ["a hexadecimal TLD", "a@x.0x7f"],
    ["broken punycode", "a@xn--zzzz.de"],
  ])("refuses %s", (_name, input) => {
    expect(canonicalEmail(input)).toBeNull();
  });

  it.each([undefined, null, 7, true, {}, ["a@x.com"], { toString: () => "a@x.com" }])(
    "refuses %j, which is no string",
    (input) => {
      expect(canonicalEmail(input)).toBeNull();
    },
  );

  it("case 20: is idempotent, and everything it gives passes the CHECK", () => {
    const text = fc.string({ unit: "binary", maxLength: 12 });
    const word = fc.stringMatching(/^[A-Za-z0-9]{1,4}[.+-]?[A-Za-z]{1,3}$/);
    const label = fc.stringMatching(/^[A-Zéäßёдςσ例え0-9-]{1,8}$/);
    const letters = fc.string({
      unit: fc.constantFrom(..."aKeıİKÅßςΣéёд例ｅﬁ\u00ad\u200d\u0301.-Z9"),
      minLength: 1,
      maxLength: 8,
    });
    // Mostly well-formed local parts, so that the odd domains are reached, and the other way round.
    const address = fc
      .tuple(
        fc.oneof({ weight: 4, arbitrary: word }, letters, text),
        fc.constantFrom("@", "@", "@", "@", "＠", ""),
        fc.oneof({ weight: 2, arbitrary: label }, word, letters, text),
        fc.constantFrom(".org", ".ORG", ".укр", ""),
      )
      .map((parts) => parts.join(""));
    let accepted = 0;
    fc.assert(
      fc.property(address, (input) => {
        const once = canonicalEmail(input);
        if (once === null) return;
        accepted += 1;
        if (canonicalEmail(once) !== once || !stored.test(once) || once.length > 254) {
          throw new Error(`${JSON.stringify(input)} gave ${once}`);
        }
      }),
      { numRuns: 100_000 },
    );
    expect(accepted).toBeGreaterThan(10_000);
  });

  it("case 17: an accepted address differs from what was typed only in the case of ASCII letters, or in its domain", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 10 }), (local) => {
        const canonical = canonicalEmail(`${local}@example.org`);
        if (canonical === null) return;
        expect(local).toMatch(/^[\x21-\x7e]+$/);
        expect(canonical).toBe(`${local.toLowerCase()}@example.org`);
      }),
      { numRuns: 20_000 },
    );
  });
});
