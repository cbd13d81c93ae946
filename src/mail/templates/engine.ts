import { Liquid, type LiquidOptions } from "liquidjs";
import type { MailTemplate } from "./template.ts";

// What a mail needs, and nothing that writes past the escaping (`raw`, `echo`, `cycle`), reads files or
// undoes what was done to users' text.
export const engineTags = [
  "assign",
  "break",
  "capture",
  "case",
  "comment",
  "continue",
  "for",
  "if",
  "unless",
];
export const engineFilters = [
  "append",
  "capitalize",
  "default",
  "divided_by",
  "downcase",
  "minus",
  "plus",
  "prepend",
  "replace",
  "round",
  "size",
  "strip",
  "times",
  "truncate",
  "truncatewords",
  "upcase",
  "url_encode",
];

const longestSubject = 150;

const limits: LiquidOptions = {
  parseLimit: 100_000,
  renderLimit: 1_000,
  memoryLimit: 1_000_000,
};

const htmlEngine = engine({ outputEscape: "escape" });
const textEngine = engine({});

/**
 * Writes a mail. What comes out of values is text: escaped in HTML, and in the subject on one line of
 * at most 150 characters.
 *
 * @throws Error what LiquidJS says of a template that it cannot read or render, with the place
 */
export function renderTemplate(template: MailTemplate, values: object): MailTemplate {
  const subject = textEngine.parseAndRenderSync(template.subject, values) as string;
  return {
    subject: [...subject.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim()]
      .slice(0, longestSubject)
      .join(""),
    html: htmlEngine.parseAndRenderSync(template.html, values),
    text: textEngine.parseAndRenderSync(template.text, values),
  };
}

/** The variables that a part of a template reads, each as its path. */
export function variablesOf(source: string): string[][] {
  return textEngine
    .globalVariableSegmentsSync(source)
    .map((path) => path.map((segment) => (Array.isArray(segment) ? "[]" : String(segment))));
}

function engine(options: LiquidOptions): Liquid {
  const liquid = new Liquid({
    ...limits,
    ...options,
    ownPropertyOnly: true,
    strictFilters: true,
    dynamicPartials: false,
    templates: {},
  });
  keepOnly(liquid.filters, engineFilters);
  keepOnly(liquid.tags, engineTags);
  return liquid;
}

function keepOnly(registered: object, names: readonly string[]): void {
  for (const name of Object.keys(registered)) {
    if (!names.includes(name)) Reflect.deleteProperty(registered, name);
  }
}
