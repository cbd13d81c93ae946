import { type MailPurpose, mailPurposes } from "../purposes.ts";
import { htmlLayout } from "./html_layout.ts";
import { languages } from "./languages/index.ts";
import type { MailTemplate, StoredTemplate } from "./template.ts";
import { textLayout } from "./text_layout.ts";
import { carriedBy } from "./variables.ts";

/** The tags of the languages that every purpose is written in. */
export const builtInLanguages: readonly string[] = Object.keys(languages);

/** The release's own template; English for a language that it has not. */
export function builtInTemplate(purpose: MailPurpose, language: string): MailTemplate {
  const tag = Object.hasOwn(languages, language) ? language : "en";
  const words = languages[tag] ?? languages.en;
  const mail = words.purposes[purpose];
  const carried = carriedBy(purpose);
  return {
    subject: mail.subject,
    html: htmlLayout(tag, words, mail, carried),
    text: textLayout(words, mail, carried),
  };
}

/** What a project writes with these templates of its own: each of them, and the release's for the rest. */
export function projectTemplates(own: readonly StoredTemplate[]): StoredTemplate[] {
  const rest = mailPurposes
    .flatMap((purpose) => builtInLanguages.map((language) => ({ purpose, language })))
    .filter(
      ({ purpose, language }) =>
        !own.some((each) => each.purpose === purpose && each.language === language),
    )
    .map(({ purpose, language }) => ({
      purpose,
      language,
      ...builtInTemplate(purpose, language),
    }));
  return [...own, ...rest];
}
