import { beforeEach, describe, expect, it } from "vitest";
import { connectPostgres } from "../../src/database/postgres.ts";
import { grantReferences } from "../../src/projects/grants.ts";
import { addReference, type ReferenceOptions } from "../../src/projects/references.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import type { PostgresEngine } from "../support/engine.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
let engine: PostgresEngine;
let owner: AppRole;
let projectOwner: string;

beforeEach(async () => {
  project = await createTestProject();
  if (project.service.engine.kind !== "postgres") throw new Error("this needs a server");
  engine = project.service.engine;
  owner = await createAppRole(project, { helpers: false });
  await owner.transaction(async (query) => {
    await query("create table notes (owner_id uuid, body text)");
    await query("create table ran (who text)");
    await query("grant insert on ran to public");
    await query(`create function report() returns trigger language plpgsql as
      $$ begin insert into ${owner.schema}.ran values (current_user); return null; end $$`);
  });
  await project.sql(`grant usage on schema ${owner.schema} to public`);
  const [row] = await project.sql<{ name: string }>(
    "select nspowner::regrole::text as name from pg_namespace where nspname = current_schema()",
  );
  projectOwner = row?.name ?? "";
});

const actFor = () => project.sql(`grant ${owner.name} to ${engine.adminRole}`);
const add = (options?: ReferenceOptions) =>
  addReference(project.service.admin, project.id, `${owner.schema}.notes`, "owner_id", options);
const whoRan = async () =>
  (await project.sql(`select who from ${owner.schema}.ran`)).map(({ who }) => who);

describe("an application's table that means harm", () => {
  it.each(["", "constraint"])(
    "has its AFTER %s trigger fired by a cascade as the project's owner before 18, and as its own owner since",
    async (kind) => {
      await actFor();
      await owner.transaction((query) =>
        query(`create ${kind} trigger report after delete on notes
          ${kind === "" ? "" : "deferrable initially deferred"} for each row execute function report()`),
      );
      if (engine.major < 18) {
        for (const onDelete of ["cascade", "set-null"] as const) {
          await expect(add({ onDelete })).rejects.toMatchObject({
            code: "validation_failed",
            message: expect.stringMatching(/project's owner, .*\. .*--trusted/),
          });
        }
      }
      await add({ onDelete: "cascade", trusted: engine.major < 18 });
      const { user, access_token: token } = await project.signUp();
      await owner.transaction((query) => query("insert into notes values ($1)", [user.id]));
      expect((await project.request("/user", { method: "DELETE", token })).status).toBe(204);
      expect(await whoRan()).toEqual([engine.major < 18 ? projectOwner : owner.name]);
    },
  );

  it("has a cast of its own type run as the project's owner where a role makes the key itself", async () => {
    await owner.transaction(async (query) => {
      await query("create type own_id as (value text)");
      await query(`create function to_uuid(p own_id) returns uuid language plpgsql as
        $$ begin insert into ${owner.schema}.ran values (current_user); return (p).value::uuid; end $$`);
      await query("create cast (own_id as uuid) with function to_uuid(own_id) as implicit");
      await query("alter table notes alter column owner_id type own_id using null");
    });
    await actFor();
    await expect(add()).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining("own_id"),
    });
    expect(await whoRan()).toEqual([]);

    await grantReferences(project.service.admin, project.id, owner.name);
    const { user } = await project.signUp();
    await owner.transaction(async (query) => {
      await query(
        `alter table notes add foreign key (owner_id) references ${project.id}.users (id)`,
      );
      await query("insert into notes values (row($1::text)::own_id)", [user.id]);
    });
    expect(await whoRan()).toContain(projectOwner);
  });

  it.each(["adminUrl", "superUrl"] as const)(
    "runs nothing while the key is made (%s)",
    async (url) => {
      const { user } = await project.signUp();
      await owner.transaction(async (query) => {
        await query("create sequence calls");
        // Planning a query on the table would run it for the index, and reading a row for the policy.
        await query(`create function harm(uuid) returns boolean language plpgsql immutable as
        $$ begin perform nextval('${owner.schema}.calls'); return true; end $$`);
        await query("insert into notes values ($1)", [user.id]);
        await query(
          "create index on notes (body) where harm('00000000-0000-4000-8000-000000000000')",
        );
        await query("create policy harm on notes using (harm(owner_id))");
        await query("alter table notes enable row level security");
        await query("alter table notes force row level security");
        await query("alter table notes add check (harm(owner_id))");
      });
      await actFor();
      const calls = async () =>
        (await project.sql(`select last_value, is_called from ${owner.schema}.calls`))[0];
      const before = await calls();
      const database = connectPostgres({ url: engine[url], connections: 2 });
      await addReference(database, project.id, `${owner.schema}.notes`, "owner_id");
      await database.close();
      expect(await calls()).toEqual(before);
      await project.sql(`select from ${owner.schema}.notes`);
      expect(await calls()).not.toEqual(before);
    },
  );

  it("is left alone by an administrator who may not act for its owner, and is told the grant", async () => {
    await expect(add()).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining(`grant ${owner.name} to ${engine.adminRole};`),
    });
    await actFor();
    expect(await add()).toMatchObject({ changed: true });
  });
});
