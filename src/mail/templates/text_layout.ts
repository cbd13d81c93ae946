import type { Carried } from "./variables.ts";
import type { PurposeWords, Words } from "./words.ts";

/** The plain text of a built-in mail, in Liquid. A link has its line for itself. */
export function textLayout(words: Words, mail: PurposeWords, carried: Carried): string {
  const blocks = [
    mail.heading,
    ...mail.paragraphs,
    ...(carried.link ? [linkBlock(words, mail)] : []),
    ...(carried.code ? [codeBlock(words, carried)] : []),
    ...(mail.secondButton ? [accountBlock(mail)] : []),
    mail.notice,
  ];
  return `${blocks.join("\n\n")}\n\n-- \n${words.sentBy}\n`;
}

function linkBlock(words: Words, mail: PurposeWords): string {
  return optional("link", `${mail.button}:\n{{ link }}\n\n${words.linkLifetime}`);
}

function codeBlock(words: Words, { link }: Carried): string {
  const line = link
    ? `{% if link %}${words.codeLine}{% else %}${words.codeAlone}{% endif %}`
    : words.codeAlone;
  return optional("code", `${line}\n{{ code }}\n\n${words.codeLifetime}`);
}

function accountBlock(mail: PurposeWords): string {
  const links = `${mail.button}:\n{{ sign_in_link }}\n\n${mail.secondButton}:\n{{ reset_link }}`;
  return optional("sign_in_link", links);
}

// What is left out takes the blank line before it along.
function optional(value: string, block: string): string {
  return `{%- if ${value} %}\n\n${block}{% endif %}`;
}
