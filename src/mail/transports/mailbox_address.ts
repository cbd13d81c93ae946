import type { Mailbox } from "./transport.ts";

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const address = new RegExp(`^${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`);

/** Whether a text is exactly one address, in ASCII and without quotes: nothing that a mailer could take for two. */
export function isOneAddress(text: string): boolean {
  return text.length <= 254 && address.test(text);
}

/**
 * Reads `auth@shop.example` or `The Shop <auth@shop.example>`.
 *
 * @throws RangeError
 */
export function parseMailbox(text: string): Mailbox {
  const [, name = "", inBrackets] = /^\s*([^<>]*?)\s*<([^<>]*)>\s*$/.exec(text) ?? [];
  const mailbox = { name: name.replace(/^"(.*)"$/, "$1"), address: inBrackets ?? text.trim() };
  if (isOneAddress(mailbox.address) && !/\p{Cc}/u.test(text) && text.length <= 400) return mailbox;
  throw new RangeError("A sender is auth@shop.example or The Shop <auth@shop.example>");
}

/** The part after the @. */
export function domainOf(mailbox: Mailbox): string {
  return mailbox.address.slice(mailbox.address.lastIndexOf("@") + 1);
}

/** A text that stands in one line of a header: what ends lines or turns their direction is a space. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, " ")
    .toWellFormed()
    .trim();
}
