import { domainToASCII, domainToUnicode } from "node:url";

/** Longer input is refused before it is looked at: 64 for the local part, 1, and 255. */
const maxInput = 320;
const maxLocal = 64;
const maxDomain = 253;
const maxAddress = 254;

// RFC 5322 dot-atom. No quoted local parts and no comments: mailers disagree about where those end.
const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The one place where e-mail addresses are folded: two inputs are one account exactly when this
 * gives the same string for both. ASCII letters become lower case and an international domain
 * becomes punycode; everything else that would need folding is refused with null, since such
 * mappings are many to one (U+212A KELVIN to k, U+0130 to i, full-width to ASCII) and every
 * implementation knows others. The result is ASCII, and giving it again changes nothing.
 *
 * @example
 * ```ts
 * canonicalEmail("Ann.Smith@Exämple.org"); // "ann.smith@xn--exmple-cua.org"
 * canonicalEmail("m\u0131ke@example.org"); // null: a dotless i
 * ```
 */
export function canonicalEmail(input: unknown): string | null {
  if (typeof input !== "string" || input.length > maxInput) return null;
  const at = input.indexOf("@");
  if (at < 1 || at > maxLocal) return null;

  const local = lowerAscii(input.slice(0, at));
  if (!localPart.test(local)) return null;
  const domain = canonicalDomain(input.slice(at + 1));
  if (domain === null) return null;

  const address = `${local}@${domain}`;
  return address.length <= maxAddress ? address : null;
}

function canonicalDomain(input: string): string | null {
  const lower = lowerDomain(input);
  if (lower === null) return null;

  // UTS46 maps compatibility characters and drops ignorable ones. A domain that does not come back
  // as it was typed is another domain than the one the user sees.
  const ascii = domainToASCII(lower);
  if (ascii !== lower && domainToUnicode(ascii) !== lower) return null;

  const labels = ascii.split(".");
  const wellFormed =
    ascii.length <= maxDomain &&
    labels.length >= 2 &&
    labels.every((part) => label.test(part)) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? "");
  return wellFormed ? ascii : null;
}

/** Lower case, or null where that would turn another letter into an ASCII one, or hides one. */
function lowerDomain(input: string): string | null {
  let lower = "";
  for (const char of input) {
    const folded = char <= "\x7f" ? lowerAscii(char) : char.toLowerCase();
    if (char > "\x7f" && (/\p{ASCII}/u.test(folded) || /[\p{C}\p{Z}]/u.test(char))) return null;
    lower += folded;
  }
  return lower;
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
