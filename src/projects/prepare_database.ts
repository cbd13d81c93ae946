import type { Database, Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { runMigrations } from "../database/migrate.ts";
import { replaceableScript, sqlSet } from "../database/sql_files.ts";
import { AuthError } from "../errors.ts";
import { type Administration, actAsAdministrator, administer } from "./administration.ts";
import { ensureGroups, prepareRuntimeRole } from "./groups.ts";

export interface PreparedDatabase {
  readonly administration: Administration;
  /** What an operator should know or do, a sentence each. */
  readonly notes: readonly string[];
}

export interface PrepareOptions {
  /** A login for `serve`; made when it does not exist. */
  readonly runtimeRole?: string;
}

/**
 * Brings a database to the state in which it can hold projects: the groups of its cluster, and the
 * schema `miosa_auth`. Can be run any day; brings an older preparation up to this release.
 *
 * @throws AuthError validation_failed when the administrator lacks a right, saying which
 */
export async function prepareDatabase(
  database: Database,
  options: PrepareOptions = {},
): Promise<PreparedDatabase> {
  await requireCreate(database);
  const mode = await ensureGroups(database);
  const notes: string[] = [];
  if (mode === "single-owner") {
    notes.push(
      "This administrator may not make roles (CREATEROLE): it will own all projects itself, so a flaw in one project's SQL is a flaw in all.",
    );
  } else {
    await lendCreate(database);
  }

  await administer(database, (tx) => installSharedSchema(tx, mode));

  if (options.runtimeRole !== undefined) {
    const name = options.runtimeRole;
    if (mode === "single-owner") {
      throw new AuthError("validation_failed", {
        message:
          "Without CREATEROLE there is no runtime group; serve with the administrator's own login",
      });
    }
    notes.push(...(await administer(database, (tx) => prepareRuntimeRole(tx, name))));
  }
  return { administration: mode, notes };
}

/** Prepares a database that never was, and leaves any other alone. */
export async function ensurePrepared(database: Database): Promise<readonly string[]> {
  const [row] = await administer(database, (tx) =>
    tx.query<{ prepared: boolean }>(
      "select to_regclass('miosa_auth.projects') is not null as prepared",
    ),
  );
  return row?.prepared ? [] : (await prepareDatabase(database)).notes;
}

/** Brings the schema `miosa_auth` to this release, in the caller's transaction. */
export async function installSharedSchema(tx: Transaction, mode: Administration): Promise<void> {
  await oneAtATime(tx);
  if (mode === "roles") await tx.script("set local role miosa_auth_admin");
  const shared = sqlSet("shared");
  const [schema] = await tx.query<{ ours: boolean }>(
    "select pg_get_userbyid(nspowner) = current_user as ours from pg_namespace where nspname = 'miosa_auth'",
  );
  if (!schema) await tx.script("create schema miosa_auth");
  else if (!schema.ours) {
    // Whoever owns it could have put anything into it, and would own the registry.
    throw new AuthError("validation_failed", {
      message: "There is a schema miosa_auth in this database that somebody else owns",
    });
  }
  await actAsAdministrator(tx, mode);
  await tx.script("set local check_function_bodies = off");
  await runMigrations(tx, shared.migrations);
  await tx.script(replaceableScript(shared, { ownRole: mode === "roles", isNew: false }));
}

async function requireCreate(database: Database): Promise<void> {
  const [row] = await administer(database, (tx) =>
    tx.query<{ allowed: boolean; name: string; role: string }>(`
      select has_database_privilege(current_database(), 'CREATE') as allowed,
        quote_ident(current_database()) as name, quote_ident(current_user) as role`),
  );
  if (row?.allowed) return;
  throw new AuthError("validation_failed", {
    message: `The administrator may not create schemas here; grant it: grant create on database ${row?.name} to ${row?.role} with grant option;`,
  });
}

async function oneAtATime(tx: Transaction): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('miosa_auth', 0))");
}

// Two grants on one database at once would fail: its row in the catalogue has no lock of its own.
async function lendCreate(database: Database): Promise<void> {
  await administer(database, async (tx) => {
    await oneAtATime(tx);
    const [row] = await tx.query<{
      lent: boolean;
      lendable: boolean;
      database: string;
      name: string;
      role: string;
    }>(`
      select has_database_privilege('miosa_auth_admin', current_database(), 'CREATE') as lent,
        has_database_privilege(current_database(), 'CREATE WITH GRANT OPTION') as lendable,
        current_database() as database,
        quote_ident(current_database()) as name, quote_ident(current_user) as role`);
    if (!row || row.lent) return;
    if (!row.lendable) {
      throw new AuthError("validation_failed", {
        message: `The administrator cannot pass its right to create schemas on; grant it: grant create on database ${row.name} to ${row.role} with grant option;`,
      });
    }
    await tx.script(
      `grant create on database ${quoteIdentifier(row.database)} to miosa_auth_admin`,
    );
  });
}
