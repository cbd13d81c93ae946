import type { Database } from "../../database/database.ts";
import { sqlSet } from "../../database/sql_files.ts";
import { actAsAdministrator, administer } from "../administration.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import type { Login } from "./login.ts";

/** A project that the registry knows, and whose schema is there and its owner's. */
export interface ProjectToExamine {
  readonly id: string;
  readonly owner: string;
  readonly isCurrent: boolean;
}

type Registered = { id: string; owner: string; release: string; schema_owner: string | null };

/** Whether registry and schemas fit each other. */
export async function examineRegistry(
  database: Database,
  { mode }: Login,
): Promise<{ projects: readonly ProjectToExamine[]; findings: readonly Finding[] }> {
  const { release } = sqlSet("project");
  const { registered, strays } = await administer(database, async (tx) => {
    await actAsAdministrator(tx, mode);
    return {
      registered: await tx.query<Registered>(`
        select p.id, p.owner_role::text as owner, p.release, pg_get_userbyid(n.nspowner)::text as schema_owner
        from projects p left join pg_namespace n on n.nspname = p.id order by p.created_at, p.id`),
      strays: await tx.query<{ id: string }>(`
        select n.nspname::text as id from pg_namespace n
        where (
          select count(*) from pg_class c where c.relnamespace = n.oid and c.relkind = 'r'
            and c.relname in ('migrations', 'settings', 'jwt_keys', 'database_keys', 'refresh_tokens')
        ) = 5
        and not exists (select from projects p where p.id = n.nspname)
        order by 1`),
    };
  });

  const findings = [
    ...registered.flatMap(brokenEntry),
    ...strays.map(({ id }) =>
      warn(
        "registry",
        `the schema ${id} is a project's, and is not registered`,
        `miosa-auth project adopt ${id}`,
      ),
    ),
  ];
  const behind = registered.filter((project) => project.release !== release).map(({ id }) => id);
  findings.push(releases(registered.length, behind));
  const projects = registered
    .filter((project) => brokenEntry(project).length === 0)
    .map((project) => ({ ...project, isCurrent: project.release === release }));
  return { projects, findings };
}

function brokenEntry({ id, owner, schema_owner }: Registered): Finding[] {
  if (schema_owner === null) {
    const message = `${id} is registered, and its schema is not there`;
    return [fail("registry", message, "Restore its schema, or delete the project")];
  }
  if (schema_owner === owner) return [];
  return [
    fail(
      "registry",
      `the schema ${id} belongs to ${schema_owner}, and not to ${owner}`,
      `miosa-auth project adopt ${id}`,
    ),
  ];
}

function releases(count: number, behind: string[]): Finding {
  if (behind.length === 0) return ok("releases", `${count} project(s), none behind this release`);
  const named = behind.slice(0, 5).join(", ") + (behind.length > 5 ? ", ..." : "");
  const message = `${behind.length} of ${count} project(s) are behind this release: ${named}`;
  return fail("releases", message, "miosa-auth migrate --all");
}
