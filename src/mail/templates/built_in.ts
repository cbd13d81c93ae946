import type { MailPurpose } from "../purposes.ts";
import { htmlLayout } from "./html_layout.ts";
import { languages } from "./languages/index.ts";
import type { MailTemplate } from "./template.ts";
import { textLayout } from "./text_layout.ts";

/** The tags of the languages that every purpose is written in. */
export const builtInLanguages: readonly string[] = Object.keys(languages);

/** The release's own template; English for a language that it has not. */
export function builtInTemplate(purpose: MailPurpose, language: string): MailTemplate {
  const tag = Object.hasOwn(languages, language) ? language : "en";
  const words = languages[tag] ?? languages.en;
  const mail = words.purposes[purpose];
  return {
    subject: mail.subject,
    html: htmlLayout(tag, words, mail),
    text: textLayout(words, mail),
  };
}
