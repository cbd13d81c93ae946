import type { Row } from "../../src/database/database.ts";
import { ownName, ownNameSuffix, withOwnNames } from "../../src/database/own_names.ts";
import { sqlSet } from "../../src/database/sql_files.ts";
import type { Query } from "./project.ts";

/** SQL of a test, which names a project's functions as `sql/` does, with the names that they have. */
export function named(sql: string, id: string): string {
  const { ownNames } = sqlSet("project");
  return sql
    .split(`${id}.`)
    .map((part) => withOwnNames(part, ownNames, id))
    .join(`${id}.`);
}

export function naming(query: Query, id: string): Query {
  return <R extends Row>(sql: string, params?: readonly unknown[]) =>
    query<R>(named(sql, id), params);
}

/** What the statement of a server's call contains, and no other. */
export function calling(id: string, name: string): string {
  return `"${ownName(id, name)}"(`;
}

/** A text of the catalogue with names as `sql/` has them. */
export function plainly(text: string, schema: string): string {
  return text.replaceAll(ownNameSuffix(schema), "");
}
