import type { Transaction } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import { isSiteUrl, parseRedirectRule } from "./redirect_rule.ts";

type Value = string | number | boolean | readonly string[];

/** What the table says of one setting. */
export interface SettingRule {
  readonly name: string;
  readonly type: "boolean" | "integer" | "text" | "text[]";
  /** In words: `from 10 to 16`. */
  readonly range: string;
}

/** Reads the rules from the columns and constraints, which are the only place that has them. */
export async function readRules(tx: Transaction): Promise<SettingRule[]> {
  const columns = await tx.query<{ name: string; type: SettingRule["type"]; rule: string | null }>(`
    select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type,
      pg_get_constraintdef(c.oid) as rule
    from pg_attribute a
    left join pg_constraint c on c.conrelid = a.attrelid and c.conname = 'settings_' || a.attname
    where a.attrelid = to_regclass('settings') and a.attnum > 0 and not a.attisdropped
      and a.attname <> 'singleton'
    order by a.attnum`);
  return columns.map(({ name, type, rule }) => ({ name, type, range: inWords(type, rule ?? "") }));
}

/** @throws AuthError validation_failed */
export function requireSetting(
  rules: readonly SettingRule[],
  name: string,
  value: unknown,
): SettingRule {
  const rule = known(rules, name);
  if (!fits(rule, value)) throw refused(rule);
  requireMeaning(rule, value);
  return rule;
}

// A path, a slash at the end or a `*` would match no browser's word, and nobody would say so.
const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#*\s]+$/;

/** @throws AuthError validation_failed */
export function parseSetting(rules: readonly SettingRule[], name: string, text: string): Value {
  const rule = known(rules, name);
  const value = parse(rule, text.trim());
  if (value === undefined || !fits(rule, value)) throw refused(rule);
  if (name === "cors_origins" && !(value as string[]).every((one) => origin.test(one))) {
    throw refused({ ...rule, range: "a list of origins such as https://app.example" });
  }
  requireMeaning(rule, value);
  return value;
}

// What admits nothing would be noticed when a user's link leads to the wrong page; what names no
// function that is safe to call, when nobody can sign in.
function requireMeaning(rule: SettingRule, value: unknown): void {
  if (rule.name === "custom_claims") {
    throw new AuthError("validation_failed", {
      message: "custom_claims is set with: miosa-auth project claims, which looks at the function",
    });
  }
  if (rule.name === "site_url" && !isSiteUrl(String(value))) {
    throw refused({ ...rule, range: "a URL such as https://app.example" });
  }
  if (rule.name !== "redirect_urls") return;
  const wrong = (value as string[]).find((entry) => parseRedirectRule(entry) === null);
  if (wrong === undefined) return;
  throw refused({
    ...rule,
    range: "a list of URLs such as https://app.example/** or https://*.app.example/callback",
  });
}

function known(rules: readonly SettingRule[], name: string): SettingRule {
  const rule = rules.find((candidate) => candidate.name === name);
  if (rule) return rule;
  throw new AuthError("validation_failed", {
    message: `There is no setting of this name; there are: ${rules.map((r) => r.name).join(", ")}`,
  });
}

function parse({ type }: SettingRule, text: string): Value | undefined {
  switch (type) {
    case "boolean":
      if (/^(true|on|yes)$/i.test(text)) return true;
      return /^(false|off|no)$/i.test(text) ? false : undefined;
    case "integer":
      return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
    case "text":
      return text;
    case "text[]":
      return text === "" ? [] : text.split(",").map((element) => element.trim());
  }
}

function fits({ type }: SettingRule, value: unknown): boolean {
  switch (type) {
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31;
    case "text":
      return isText(value);
    case "text[]":
      return Array.isArray(value) && value.every(isText);
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}

function refused({ name, range }: SettingRule): AuthError {
  return new AuthError("validation_failed", {
    message: `The setting ${name} cannot have this value: it is ${range}`,
  });
}

function inWords(type: SettingRule["type"], rule: string): string {
  const least = /\(\w+ >= (-?\d+)\)/.exec(rule)?.[1];
  const most = /\(\w+ <= (-?\d+)\)/.exec(rule)?.[1];
  const longest = /length\(\w+\) <= (\d+)/.exec(rule)?.[1];
  const choices = [...rule.matchAll(/'([^']*)'::text/g)].map(([, choice]) => choice);
  if (choices.length > 0) return `one of ${choices.join(", ")}`;
  if (longest) return `a text of at most ${longest} characters`;
  if (least && most) return `a whole number from ${least} to ${most}`;
  return {
    boolean: "true or false",
    integer: "a whole number",
    text: "a text",
    "text[]": "a list of texts",
  }[type];
}
