import type { Database } from "../database/database.ts";
import { sqlSet } from "../database/sql_files.ts";
import { actAsAdministrator, administration, asOwner } from "./administration.ts";
import { installProject } from "./create_project.ts";
import { requireProject } from "./registry.ts";

/**
 * Brings a project's schema to this release in one transaction; does nothing when it is there.
 *
 * @returns whether anything was done
 * @throws AuthError project_not_found
 */
export async function upgradeProject(database: Database, id: string): Promise<boolean> {
  const { release } = sqlSet("project");
  const project = await requireProject(database, id);
  if (project.release === release) return false;
  await database.transaction(async (tx) => {
    const mode = await administration(tx);
    await asOwner(tx, mode, id, project.owner_role, () => installProject(tx, mode));
    await actAsAdministrator(tx, mode);
    await tx.query("select record_release($1, $2)", [id, release]);
  });
  return true;
}
