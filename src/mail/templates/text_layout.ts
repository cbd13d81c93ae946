import type { PurposeWords, Words } from "./words.ts";

/** The plain text of a built-in mail, in Liquid. A link has its line for itself. */
export function textLayout(words: Words, mail: PurposeWords): string {
  const accountLinks = `{%- if sign_in_link %}\n\n${mail.button}:\n{{ sign_in_link }}\n\n${mail.secondButton}:\n{{ reset_link }}{% endif %}`;
  const blocks = [
    mail.heading,
    ...mail.paragraphs,
    mail.secondButton ? accountLinks : secrets(words, mail),
    mail.notice,
  ];
  return `${blocks.join("\n\n")}\n\n-- \n${words.sentBy}\n`;
}

// What is left out takes its blank lines with it.
function secrets(words: Words, mail: PurposeWords): string {
  const link = mail.button
    ? [`{%- if link %}\n\n${mail.button}:\n{{ link }}\n\n${words.linkLifetime}{% endif %}`]
    : [];
  const line = `{% if link %}${words.codeLine}{% else %}${words.codeAlone}{% endif %}`;
  return [
    ...link,
    `{%- if code %}\n\n${line}\n{{ code }}\n\n${words.codeLifetime}{% endif %}`,
  ].join("\n");
}
