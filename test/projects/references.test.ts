import { beforeEach, describe, expect, it } from "vitest";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { grantReferences, revokeHelpers } from "../../src/projects/grants.ts";
import { type AppRole, createAppRole, refusal } from "../support/app_role.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const denied = "42501";
const foreignKeyViolation = "23503";

let project: TestProject;
let owner: AppRole;

beforeEach(async () => {
  project = await createTestProject();
  owner = await createAppRole(project, { helpers: false });
  await grantReferences(project.service.admin, project.id, owner.name);
});

const table = (action: string) =>
  `create table notes (
    owner_id uuid not null references ${project.id}.users (id) ${action}, body text
  )`;
const rights = () =>
  project.sql(
    `select privilege from unnest(array['select', 'insert', 'update', 'references']) p (privilege)
     where has_any_column_privilege($1, 'users', privilege)`,
    [owner.name],
  );

describe("a role that was granted references to a project's users", () => {
  it("makes foreign keys whose rows go with a user that deletes itself", async () => {
    const [ada, grace] = [await project.signUp(), await project.signUp()];
    await owner.transaction(async (query) => {
      await query(table("on delete cascade"));
      for (const { user } of [ada, grace]) await query("insert into notes values ($1)", [user.id]);
    });
    const gone = await project.request("/user", { method: "DELETE", token: ada.access_token });
    expect(gone.status).toBe(204);
    expect(await project.sql(`select owner_id from ${owner.schema}.notes`)).toEqual([
      { owner_id: grace.user.id },
    ]);
  });

  it("learns from them whether an id exists, and cannot read, change or follow users (case 137)", async () => {
    await owner.transaction(async (query) => {
      await query(table("on delete cascade"));
      const unknown = "insert into notes values (gen_random_uuid())";
      expect(await refusal(query, unknown)).toBe(foreignKeyViolation);
      for (const statement of [
        `select id from ${project.id}.users`,
        `delete from ${project.id}.users`,
        `create table others (email text references ${project.id}.users (email))`,
        `create table sessions_of (id uuid references ${project.id}.sessions (id))`,
        `create trigger t after insert on ${project.id}.users execute function suppress_redundant_updates_trigger()`,
        `select ${project.id}.uid()`,
      ]) {
        expect(await refusal(query, statement), statement).toBe(denied);
      }
    });
    expect(await rights()).toEqual([{ privilege: "references" }]);
  });

  it("that restricts keeps a user from deleting itself, with an answer that tells nothing", async () => {
    const { user, access_token: token } = await project.signUp();
    await owner.transaction(async (query) => {
      await query(table("on delete restrict"));
      await query("insert into notes values ($1)", [user.id]);
    });
    const refused = await project.request("/user", { method: "DELETE", token });
    expect(refused).toMatchObject({ status: 422, body: { error_code: "refused_by_application" } });
    expect(JSON.stringify(refused.body)).not.toContain("notes");
    expect((await project.request("/user", { token })).status).toBe(200);
  });

  it("loses the right by revoke, while its keys go on working", async () => {
    const ada = await project.signUp();
    await owner.transaction((query) => query(table("on delete cascade")));
    await revokeHelpers(project.service.admin, project.id, owner.name);
    expect(await rights()).toEqual([]);
    await owner.transaction(async (query) => {
      await query("insert into notes values ($1)", [ada.user.id]);
      expect(
        await refusal(query, `create table more (id uuid references ${project.id}.users)`),
      ).toBe(denied);
    });
    await project.request("/user", { method: "DELETE", token: ada.access_token });
    expect(await project.sql(`select * from ${owner.schema}.notes`)).toEqual([]);
  });

  it("holds up the deletion of the project by name, until the key is dropped", async () => {
    const { admin } = project.service;
    await owner.transaction((query) => query(table("on delete cascade")));
    await expect(deleteProject(admin, project.id)).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining("notes_owner_id_fkey"),
    });
    expect((await project.post("/signup", { email: "a@example.com" })).status).toBe(400);
    await owner.transaction((query) =>
      query("alter table notes drop constraint notes_owner_id_fkey"),
    );
    await deleteProject(admin, project.id);
    const [left] = await project.service.engine.query(
      "select to_regnamespace($1) is null as gone, (select count(*)::int from pg_shdepend where refobjid = $2::regrole and deptype = 'a') as grants",
      [project.id, owner.name],
    );
    expect(left).toMatchObject({ gone: true });
  });
});
