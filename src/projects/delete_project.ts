import type { Database } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { AuthError } from "../errors.ts";
import { actAsAdministrator, administer, administration } from "./administration.ts";
import { projectNotFound, requireProject } from "./registry.ts";

const dependentObjects = "2BP01";

/**
 * Deletes a project: its registry entry and queued mail, its schema and all that is in it, and its
 * owner role, in one transaction. Nothing outside the schema is dropped with it: a policy of the
 * customer's that uses a helper refuses the deletion, and is named.
 *
 * @throws AuthError project_not_found, validation_failed
 */
export async function deleteProject(database: Database, id: string): Promise<void> {
  await requireProject(database, id);
  try {
    await administer(database, async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtextextended('miosa_auth/' || $1, 0))", [
        id,
      ]);
      const mode = await administration(tx);
      await actAsAdministrator(tx, mode);
      // Another deletion may have held the lock.
      const [project] = await tx.query<{ owner: string | null }>(
        "select find_project($1) ->> 'owner_role' as owner",
        [id],
      );
      if (!project?.owner) throw projectNotFound(id);
      await tx.query("select forget_project($1)", [id]);
      if (mode === "single-owner") {
        await tx.script(dropContents(id));
        return;
      }
      const owner = quoteIdentifier(project.owner);
      await tx.script(
        `grant ${owner} to miosa_auth_admin; drop owned by ${owner}; drop role ${owner}`,
      );
    });
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.sqlstate !== dependentObjects) throw error;
    throw new AuthError("validation_failed", {
      message: `Other objects use the schema of ${id}; drop them first. ${error.explanation()}`,
      cause: error,
    });
  }
}

// Without an owner role there is no `drop owned`, and `drop schema` without cascade wants it empty.
function dropContents(id: string): string {
  const schema = quoteIdentifier(id);
  return `
    do $$
    declare
      v_drop text;
    begin
      select format('drop function %s', string_agg(p.oid::regprocedure::text, ', ')) into v_drop
      from pg_proc p where p.pronamespace = '${id}'::regnamespace;
      execute v_drop;
      select format('drop table %s', string_agg(c.oid::regclass::text, ', ')) into v_drop
      from pg_class c where c.relnamespace = '${id}'::regnamespace and c.relkind = 'r';
      execute v_drop;
    end
    $$;
    drop schema ${schema}`;
}
