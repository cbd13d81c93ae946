import { randomBytes } from "node:crypto";
import type { Database, Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { runMigrations } from "../database/migrate.ts";
import { replaceableScript, sqlSet } from "../database/sql_files.ts";
import { AuthError } from "../errors.ts";
import {
  type Administration,
  actAsAdministrator,
  administer,
  administration,
  asFirstOwner,
} from "./administration.ts";
import { requireJwtSecret } from "./jwt_secret.ts";
import { requireProjectId } from "./project_id.ts";
import { jwtKeyContext, type Keyring, seal } from "./secrets.ts";

export interface NewProject {
  readonly id: string;
  readonly keyring: Keyring;
  /** A secret to move in with, at least 32 bytes; made from a CSPRNG without one. */
  readonly jwtSecret?: string;
}

/** What the project's app is given as AUTH_JWT_SECRET. */
export interface CreatedProject {
  readonly id: string;
  readonly jwtSecret: string;
}

/**
 * Creates a project: its owner role, its schema, its keys and its entry in the registry, all in one
 * transaction, so that a crash leaves nothing behind.
 *
 * @throws AuthError validation_failed for an id that cannot be one, is taken, or a short secret
 */
export async function createProject(
  database: Database,
  { id, keyring, jwtSecret = randomBytes(32).toString("hex") }: NewProject,
): Promise<CreatedProject> {
  requireProjectId(id);
  requireJwtSecret(jwtSecret);
  await administer(database, async (tx) => {
    await tx.query("select pg_advisory_xact_lock(hashtextextended('miosa_auth/' || $1, 0))", [id]);
    const mode = await administration(tx);
    await actAsAdministrator(tx, mode);
    await requireFree(tx, id);
    const owner = await createSchema(tx, mode, id);
    await asFirstOwner(tx, mode, id, owner, async (owned) => {
      await installProject(owned, mode, { isNew: true });
      const kid = randomBytes(12).toString("base64url");
      await owned.query("select add_jwt_key($1, 'HS256', 'active', $2, null)", [
        kid,
        seal(keyring, jwtSecret, jwtKeyContext(id, kid)),
      ]);
    });
    await tx.query("select register_project($1, $2, $3)", [id, owner, sqlSet("project").release]);
  });
  return { id, jwtSecret };
}

/** Brings the schema that is first in the path to this release; run as its owner. A new one is empty. */
export async function installProject(
  tx: Transaction,
  mode: Administration,
  { isNew = false } = {},
): Promise<void> {
  const project = sqlSet("project");
  await runMigrations(tx, project.migrations);
  // Bodies are checked in tests; checking them here made creation slower with each project.
  await tx.script(`set local check_function_bodies = off;
    ${replaceableScript(project, { ownRole: mode === "roles", isNew })}`);
}

/** Makes a schema and, where roles can be made, its owner role; returns who owns it. */
export async function createSchema(
  tx: Transaction,
  mode: Administration,
  id: string,
): Promise<string> {
  const schema = quoteIdentifier(id);
  if (mode === "single-owner") {
    await tx.script(`create schema ${schema}`);
    const [row] = await tx.query<{ owner: string }>("select current_user::text as owner");
    return row?.owner ?? "";
  }
  const [row] = await tx.query<{ owner: string }>("select owner_role_name($1) as owner", [id]);
  const owner = row?.owner ?? "";
  const role = quoteIdentifier(owner);
  await tx.script(`
    create role ${role} nologin;
    grant miosa_auth_project to ${role};
    grant ${role} to miosa_auth_admin;
    create schema ${schema} authorization ${role}`);
  return owner;
}

async function requireFree(tx: Transaction, id: string): Promise<void> {
  const [row] = await tx.query<{ plain: boolean; registered: boolean; present: boolean }>(
    `select quote_ident($1) = $1 as plain,
      exists (select from projects where id = $1) as registered,
      exists (select from pg_namespace where nspname = $1) as present`,
    [id],
  );
  if (!row?.plain) {
    throw new AuthError("validation_failed", {
      message: `${id} is a word of SQL's own: policies could not name the schema without quotes`,
    });
  }
  if (row?.registered) {
    throw new AuthError("validation_failed", { message: `The project ${id} exists already` });
  }
  if (row?.present) {
    throw new AuthError("validation_failed", {
      message: `There is a schema ${id} in this database that is not a project`,
    });
  }
}
