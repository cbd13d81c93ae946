import { describe, expect, it } from "vitest";
import { suppressAddress } from "../../src/outbox/suppressions.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { listProjects, requireProject } from "../../src/projects/registry.ts";
import { createAppRole } from "../support/app_role.ts";
import { createTestProject, goodPassword } from "../support/project.ts";
import { openService } from "../support/service.ts";

/** How much the catalogue and the registry hold, of everything a project adds to. */
async function inventory(): Promise<unknown> {
  const { engine } = await openService();
  const catalogues = [
    "pg_namespace",
    "pg_class",
    "pg_proc",
    "pg_type",
    "pg_constraint",
    "pg_policy",
    "pg_depend",
    "pg_shdepend",
    "pg_default_acl",
    "pg_description",
    "pg_roles",
    "pg_auth_members",
    "miosa_auth.projects",
    "miosa_auth.outbox",
    "miosa_auth.suppressed_addresses",
  ];
  const [row] = await engine.query(
    `select ${catalogues.map((name) => `(select count(*)::int from ${name}) as "${name}"`).join(", ")}`,
  );
  return row;
}

describe("deleting a project", () => {
  it("leaves nothing of it: no schema, object, role, membership, default, dependency or entry", async () => {
    await createTestProject();
    const before = await inventory();
    const project = await createTestProject();
    const { admin, engine } = project.service;
    await project.signUp();
    const { owner_role } = await requireProject(admin, project.id);
    await engine.query(
      `insert into miosa_auth.outbox (project_id, owner_role, purpose, recipient, payload)
       values ($1, $2, 'signup', 'a@example.com', '\\x00')`,
      [project.id, owner_role],
    );
    await suppressAddress(admin, project.id, "a@example.com");
    expect(await inventory()).not.toEqual(before);

    await deleteProject(admin, project.id);
    expect(await inventory()).toEqual(before);
    expect((await listProjects(admin)).map(({ id }) => id)).not.toContain(project.id);
    await expect(deleteProject(admin, project.id)).rejects.toMatchObject({
      code: "project_not_found",
    });
  });

  it("is not held up by a role that was granted the helpers, which stays", async () => {
    const project = await createTestProject();
    const app = await createAppRole(project);
    await deleteProject(project.service.admin, project.id);
    expect(await app.transaction((query) => query("select current_user::text as name"))).toEqual([
      { name: app.name },
    ]);
  });

  it.each([
    [
      "a policy uses a helper",
      "create policy notes_owner on notes using (owner_id = (select $project.verified_uid()))",
      "policy notes_owner on table",
    ],
    [
      "a foreign key points to its users",
      "alter table notes add constraint notes_owner_fkey foreign key (owner_id) references $project.users on delete cascade",
      "constraint notes_owner_fkey on table",
    ],
    ["a view uses a helper", "create view mine as select $project.uid() as id", "view "],
    [
      "somebody put a table into its schema",
      "create table $project.theirs ()",
      "table $project.theirs",
    ],
  ])("is refused while %s, which is named, and changes nothing", async (_, statement, named) => {
    const project = await createTestProject();
    const app = await createAppRole(project, { helpers: false });
    const { admin, engine } = project.service;
    const email = "stays@example.com";
    await project.signUp({ email });
    const fill = (text: string) => text.replace("$project", project.id);
    await project.sql(`set local search_path = ${app.schema}`);
    await project.transaction(async (query) => {
      await query(`set local search_path = ${app.schema}`);
      await query("create table notes (owner_id uuid)");
      await query(fill(statement));
    });
    const before = await inventory();

    const refusal = deleteProject(admin, project.id);
    await expect(refusal).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining(fill(named)),
    });
    expect(await inventory()).toEqual(before);
    expect((await project.post("/token", { email, password: goodPassword })).status).toBe(200);

    await engine.query(`drop schema ${app.schema} cascade`);
    await engine.query(`drop table if exists ${project.id}.theirs`);
    await deleteProject(admin, project.id);
    expect((await listProjects(admin)).map(({ id }) => id)).not.toContain(project.id);
  });
});
