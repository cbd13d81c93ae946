import type { Database, Transaction } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import { actAsAdministrator, administer, administration, asOwner } from "./administration.ts";

/** A project as the registry of its database knows it. */
export interface RegisteredProject {
  readonly id: string;
  readonly owner_role: string;
  readonly state: "active" | "suspended";
  readonly release: string;
  /** RFC 3339. */
  readonly created_at: string;
}

/** Every project of a database, oldest first; none when the database was never prepared. */
export async function listProjects(database: Database): Promise<RegisteredProject[]> {
  const projects = await ask<RegisteredProject[]>(database, "list_projects()", []);
  return projects ?? [];
}

/** @throws AuthError project_not_found */
export async function requireProject(database: Database, id: string): Promise<RegisteredProject> {
  const project = await ask<RegisteredProject>(database, "find_project($1)", [id]);
  if (!project) throw projectNotFound(id);
  return project;
}

async function ask<T>(database: Database, call: string, params: unknown[]): Promise<T | null> {
  return administer(database, async (tx) => {
    const [row] = await tx.query<{ prepared: boolean }>(
      "select to_regclass('miosa_auth.projects') is not null as prepared",
    );
    if (!row?.prepared) return null;
    await actAsAdministrator(tx, await administration(tx));
    const [answer] = await tx.query<{ value: T | null }>(`select ${call} as value`, params);
    return answer?.value ?? null;
  });
}

/**
 * Runs `work` as the owner of a project's schema, in one transaction.
 *
 * @throws AuthError project_not_found
 */
export async function asProjectOwner<T>(
  database: Database,
  id: string,
  work: (tx: Transaction, project: RegisteredProject) => Promise<T>,
): Promise<T> {
  const project = await requireProject(database, id);
  return administer(database, async (tx) => {
    const mode = await administration(tx);
    return asOwner(tx, mode, id, project.owner_role, (owned) => work(owned, project));
  });
}

export function projectNotFound(id: string): AuthError {
  return new AuthError("project_not_found", {
    message: `There is no project ${id} in this database`,
  });
}
