import { AuthError } from "../errors.ts";

const grammar = /^[a-z][a-z0-9_]{0,44}$/;
const prefixed = /^proj_[a-z0-9_]{1,40}$/;

// Schemas that Postgres or this product own, and the first path segments that are no project.
const reserved = new Set([
  "public",
  "information_schema",
  "miosa_auth",
  "health",
  "metrics",
  "openapi",
  "favicon",
]);

/**
 * Whether a text can be a project's id, which is the name of its schema as well: `proj_` and 1 to 40
 * characters, or a name of the operator's own of at most 41. Lower-case ASCII letters, digits and
 * underscores, so that it needs no folding and is never cut.
 */
export function isProjectId(id: string): boolean {
  if (prefixed.test(id)) return true;
  return grammar.test(id) && id.length <= 41 && !id.startsWith("pg_") && !reserved.has(id);
}

/** @throws AuthError validation_failed */
export function requireProjectId(id: string): string {
  if (isProjectId(id)) return id;
  throw new AuthError("validation_failed", {
    message:
      "A project id is proj_ and 1 to 40 of a-z, 0-9 and _, or a schema name of your own: a letter, then up to 40 of the same, and no reserved name",
  });
}
