import type { Database } from "../database/database.ts";
import { actAsAdministrator, administer, administration, asOwner } from "./administration.ts";
import { projectNotFound, requireProject } from "./registry.ts";

/**
 * Suspends a project: within five seconds every endpoint of it answers project_suspended. Nothing of
 * it is changed, and access tokens that are out verify where apps do so themselves.
 *
 * @returns whether it was active before
 * @throws AuthError project_not_found
 */
export function suspendProject(database: Database, id: string): Promise<boolean> {
  return setState(database, id, "suspended", "project_suspended");
}

/**
 * Lets a suspended project be served again.
 *
 * @returns whether it was suspended before
 * @throws AuthError project_not_found
 */
export function resumeProject(database: Database, id: string): Promise<boolean> {
  return setState(database, id, "active", "project_resumed");
}

async function setState(
  database: Database,
  id: string,
  state: "active" | "suspended",
  event: string,
): Promise<boolean> {
  const project = await requireProject(database, id);
  return administer(database, async (tx) => {
    const mode = await administration(tx);
    await actAsAdministrator(tx, mode);
    const [row] = await tx.query<{ changed: boolean | null }>(
      "select set_project_state($1, $2) as changed",
      [id, state],
    );
    // It may have been deleted since it was looked up.
    if (row?.changed == null) throw projectNotFound(id);
    if (!row.changed) return false;
    await asOwner(tx, mode, id, project.owner_role, (owned) =>
      owned.query(
        "select record_event($1, null, null, null, jsonb_build_object('by', session_user))",
        [event],
      ),
    );
    return true;
  });
}
