import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Row, Transaction } from "./database.ts";

/** The helpers that policies are written with, which an application's role may be granted. */
export const policyHelpers = [
  "aal",
  "claims",
  "email",
  "live_uid",
  "role",
  "session_id",
  "subject",
  "uid",
  "verified_uid",
] as const;

/** What applications name in SQL of their own, and so is called the same in every project. */
const plainNames = new Set<string>([
  ...policyHelpers,
  "login_with_password",
  "signup_with_password",
]);

/** What a policy helper is called until its schema is whole; ends like an own name. */
export function makingName(helper: string): string {
  return `making_${helper}`;
}

const suffixes = new LRUCache<string, string>({ max: 20_000 });

/**
 * Ends the names of a schema's own functions. Postgres looks a function up by its bare name: it reads all
 * functions of that name, whatever their schema, and each connection keeps them, bodies and all. Of three
 * thousand projects with equal names, one connection that made eight calls kept 190 MB, and its first sign-up
 * took a second.
 */
export function ownNameSuffix(schema: string): string {
  if (schema === "miosa_auth") return "";
  let suffix = suffixes.get(schema);
  if (suffix === undefined) {
    suffix = `_${createHash("sha256").update(schema).digest("hex").slice(0, 8)}`;
    suffixes.set(schema, suffix);
  }
  return suffix;
}

/** What a function of `sql/project` is called in a schema: `refresh` in `proj_shop` is `refresh_` and 8 hex digits. */
export function ownName(schema: string, name: string): string {
  return plainNames.has(name) ? name : `${name}${ownNameSuffix(schema)}`;
}

/** Finds calls, definitions and signatures of the functions that scripts of `sql/project` create. */
export function ownNamePattern(scripts: readonly string[]): RegExp {
  const created = scripts.flatMap((script) =>
    [...script.matchAll(/^create or replace function (\w+)/gm)].map(([, name]) => name ?? ""),
  );
  const own = [...new Set(created)].filter((name) => !plainNames.has(name));
  const making = policyHelpers.map(makingName);
  // Nothing that is qualified, quoted or part of another name.
  return new RegExp(
    `(?<![\\w$."])(?:(?:${own.join("|")})(?=\\s*\\()|(?:${making.join("|")})(?![\\w$]))`,
    "g",
  );
}

/** A text of SQL with the names that its functions have in a schema. */
export function withOwnNames(sql: string, pattern: RegExp, schema: string): string {
  const suffix = ownNameSuffix(schema);
  return sql.replaceAll(pattern, (name) => `${name}${suffix}`);
}

/** A transaction in a project's schema whose statements name functions as `sql/project` does. */
export function inOwnNames(tx: Transaction, pattern: RegExp, schema: string): Transaction {
  return {
    query: <R extends Row>(text: string, params?: readonly unknown[]) =>
      tx.query<R>(withOwnNames(text, pattern, schema), params),
    script: (sql) => tx.script(withOwnNames(sql, pattern, schema)),
  };
}
