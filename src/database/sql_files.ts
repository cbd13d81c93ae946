import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { newHelpers, renewedHelpers } from "./helper_scripts.ts";
import { ownNamePattern, policyHelpers } from "./own_names.ts";

/** The parts of the SQL that one kind of schema is made of. */
export interface SqlSet {
  /** A folder for postgres-migrations. */
  readonly migrations: string;
  /**
   * Default privileges of an owner role, for before the functions; left out where the administrator
   * owns the schema itself, since they would reach all that it creates elsewhere.
   */
  readonly ownerDefaults: string;
  /** Every replaceable function, in the order of folders and files. */
  readonly functions: string;
  readonly grants: string;
  /** Grants to the groups; left out where the administrator cannot make roles. */
  readonly grantsToGroups: string;
  /** Installed on request, where pgcrypto is: what calls it, then what uses that. */
  readonly sqlLogin: { readonly pgcrypto: string; readonly functions: string };
  /** A hash of all of it: equal releases make equal schemas. */
  readonly release: string;
  /** The signatures an application's role may be granted: the helpers for policies. */
  readonly helpers: readonly string[];
  /** Where a text of SQL names functions that are called otherwise in each schema. */
  readonly ownNames: RegExp;
}

const sqlFolder = join(
  dirname(createRequire(import.meta.url).resolve("miosa-auth/package.json")),
  "sql",
);

const loaded = new Map<string, SqlSet>();

/** Reads `sql/shared` or `sql/project` once. */
export function sqlSet(kind: "shared" | "project"): SqlSet {
  let set = loaded.get(kind);
  if (!set) {
    set = load(join(sqlFolder, kind));
    loaded.set(kind, set);
  }
  return set;
}

/** What a schema is like that a script is for. */
export interface SchemaState {
  /** Its owner is a role that owns nothing else. */
  readonly ownRole: boolean;
  /** It has no functions yet. */
  readonly isNew: boolean;
}

/** The script that brings a schema to its release after the migrations. */
export function replaceableScript(set: SqlSet, { ownRole, isNew }: SchemaState): string {
  const { functions, last } = (isNew ? newHelpers : renewedHelpers)(set.functions);
  const parts = ownRole
    ? [set.ownerDefaults, functions, set.grants, set.grantsToGroups, last]
    : [functions, set.grants, last];
  return parts.join("\n");
}

function load(folder: string): SqlSet {
  const migrations = join(folder, "migrations");
  const ownerDefaults = read(join(folder, "defaults.sql"));
  const functions = readAll(join(folder, "functions"));
  const grants = read(join(folder, "grants.sql"));
  const grantsToGroups = read(join(folder, "grants_to_groups.sql"));
  const sqlLogin = {
    pgcrypto: readAll(join(folder, "sql_login", "pgcrypto")),
    functions: readAll(join(folder, "sql_login", "functions")),
  };
  const scripts = [
    ownerDefaults,
    functions,
    grants,
    grantsToGroups,
    ...Object.values(sqlLogin),
  ].filter((script) => script !== "");
  const release = createHash("sha256")
    .update([...sqlFiles(migrations).map(read), ...scripts].join("\0"))
    .digest("hex")
    .slice(0, 16);
  return {
    migrations,
    ownerDefaults,
    functions,
    grants,
    grantsToGroups,
    sqlLogin,
    release,
    helpers: policyHelpers.map((name) => `${name}()`),
    ownNames: ownNamePattern(scripts),
  };
}

function sqlFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => join(folder, name));
}

function readAll(folder: string): string {
  return sqlFiles(folder).map(read).join("\n");
}

function read(file: string): string {
  return readFileSync(file, "utf8");
}
