import type { Database } from "../database/database.ts";
import { sqlSet } from "../database/sql_files.ts";
import { actAsAdministrator, administer, administration, asOwner } from "./administration.ts";
import { installProject } from "./create_project.ts";
import { projectNotFound, type RegisteredProject, requireProject } from "./registry.ts";
import { upgradeSqlLogin } from "./sql_login.ts";
import { upgradeUserTriggers } from "./triggers.ts";

export interface UpgradeOptions {
  /** Milliseconds to wait for a lock that another transaction holds; 5,000 by default. */
  readonly lockTimeout?: number;
  /** Applies functions and grants again where the release is this one already: mends drift. */
  readonly again?: boolean;
}

/**
 * Brings a project's schema to this release in one transaction; does nothing when it is there.
 *
 * @returns whether anything was done
 * @throws AuthError project_not_found, request_timeout when a lock was not to be had
 */
export async function upgradeProject(
  database: Database,
  id: string,
  { lockTimeout = 5_000, again = false }: UpgradeOptions = {},
): Promise<boolean> {
  const { release } = sqlSet("project");
  const isThere = (project: RegisteredProject) => project.release === release && !again;
  if (isThere(await requireProject(database, id))) return false;
  return administer(database, async (tx) => {
    await tx.script(`set local lock_timeout = ${Math.trunc(lockTimeout)}`);
    await tx.query("select pg_advisory_xact_lock(hashtextextended('miosa_auth/' || $1, 0))", [id]);
    const mode = await administration(tx);
    await actAsAdministrator(tx, mode);
    // Another upgrade, or a deletion, may have held the lock.
    const [row] = await tx.query<{ project: RegisteredProject | null }>(
      "select find_project($1) as project",
      [id],
    );
    if (!row?.project) throw projectNotFound(id);
    if (isThere(row.project)) return false;
    await asOwner(tx, mode, id, row.project.owner_role, async (owned) => {
      await installProject(owned, mode);
      await upgradeUserTriggers(owned);
      await upgradeSqlLogin(owned, id);
    });
    await tx.query("select record_release($1, $2)", [id, release]);
    return true;
  });
}
