import { AuthError } from "../../errors.ts";
import { isMailPurpose, type MailPurpose, mailPurposes } from "../purposes.ts";
import { sampleCode, sampleSources } from "../sample.ts";
import { templateValues } from "../template_values.ts";
import { renderTemplate, variablesOf } from "./engine.ts";
import type { MailTemplate, OwnTemplate } from "./template.ts";
import { hasCode, hasLink, isVariable, variablesFor } from "./variables.ts";

const longest: Readonly<Record<keyof MailTemplate, number>> = {
  subject: 500,
  html: 65_536,
  text: 65_536,
};

const parts = Object.keys(longest) as (keyof MailTemplate)[];

/**
 * Checks a template before it is used: its purpose and language, its size, that it renders, reads no
 * variable that its purpose has not, and shows the link or the code that it is for.
 *
 * @throws AuthError validation_failed; the message names the template, and what is wrong with it
 */
export function requireTemplate(template: MailTemplate & { purpose: string; language: string }) {
  const { purpose, language } = template;
  const name = `${purpose}.${language}`;
  if (!isMailPurpose(purpose)) {
    throw refused(`${name}: a purpose is one of ${mailPurposes.join(", ")}`);
  }
  if (!/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/.test(language) || !isKnownTag(language)) {
    throw refused(`${name}: a language is a tag such as en or pt-br`);
  }
  for (const part of parts) checkPart(`${name}.${part}`, purpose, template[part], longest[part]);
  checkRendered(name, purpose, language, template);
  return { ...template, purpose } satisfies OwnTemplate;
}

function checkPart(name: string, purpose: MailPurpose, source: string, most: number): void {
  if (source.trim() === "") throw refused(`${name} is empty`);
  if (source.length > most) throw refused(`${name} has more than ${most} characters`);
  const unknown = orRefuse(name, () => variablesOf(source)).find(
    (path) => !isVariable(purpose, path),
  );
  if (unknown) {
    throw refused(
      `${name}: there is no variable ${unknown.join(".")}. There are ${variablesFor(purpose).join(", ")} and user_metadata`,
    );
  }
}

function checkRendered(
  name: string,
  purpose: MailPurpose,
  language: string,
  template: MailTemplate,
): void {
  const values = templateValues(sampleSources(purpose), language);
  const { token } = values;
  const rendered = orRefuse(name, () => renderTemplate(template, values));
  if (rendered.subject === "") throw refused(`${name}.subject is empty when it is written`);
  for (const part of ["html", "text"] as const) {
    const shown = rendered[part].replaceAll("&amp;", "&");
    const link = token !== null && shown.includes(token);
    if (!link && !shown.includes(sampleCode) && (hasLink(purpose) || hasCode(purpose))) {
      const what = hasLink(purpose)
        ? "neither {{ link }}, {{ token }} nor {{ code }}"
        : "no {{ code }}";
      throw refused(`${name}.${part} shows ${what}: nobody could go on with it`);
    }
  }
}

function orRefuse<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw refused(`${name}: ${reason}`, cause);
  }
}

// What Intl refuses would fail when lifetimes are put in words.
function isKnownTag(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length === 1;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function refused(message: string, cause?: unknown): AuthError {
  return new AuthError("validation_failed", { message, cause });
}
