import { beforeEach, describe, expect, it } from "vitest";
import {
  addReference,
  type ReferenceOptions,
  removeReference,
} from "../../src/projects/references.ts";
import { type AppRole, createAppRole, refusal } from "../support/app_role.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const denied = "42501";
const foreignKeyViolation = "23503";

let project: TestProject;
let owner: AppRole;

beforeEach(async () => {
  project = await createTestProject();
  owner = await createAppRole(project, { helpers: false });
  await owner.transaction((query) => query("create table notes (owner_id uuid, body text)"));
  await actFor(owner.name);
});

async function actFor(role: string): Promise<void> {
  const { engine } = project.service;
  if (engine.kind === "postgres") await project.sql(`grant ${role} to ${engine.adminRole}`);
}
const isBefore18 = () => project.service.engine.major < 18;
const safe = (): ReferenceOptions => (isBefore18() ? { trusted: true } : {});
const add = (options?: ReferenceOptions, table = "notes", column = "owner_id") =>
  addReference(project.service.admin, project.id, `${owner.schema}.${table}`, column, options);
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => "nothing",
    (error) => `${error.code}: ${error.message}`,
  );
const keys = (table = "notes") =>
  project.sql(
    `select conname::text as name, confdeltype::text as action, convalidated as valid
     from pg_constraint where conrelid = $1::regclass and contype = 'f' order by 1`,
    [`${owner.schema}.${table}`],
  );
/** Everything that a role may do to the project's schema and its users. */
const rights = (role = owner.name) =>
  project.sql(
    `select a.privilege_type from pg_namespace n, aclexplode(n.nspacl) a
     where n.nspname = current_schema() and a.grantee = $1::regrole
     union all
     select a.privilege_type from pg_class c, aclexplode(c.relacl) a
     where c.oid = 'users'::regclass and a.grantee = $1::regrole
     union all
     select t.attname || ' ' || a.privilege_type from pg_attribute t, aclexplode(t.attacl) a
     where t.attrelid = 'users'::regclass and a.grantee = $1::regrole`,
    [role],
  );
const leave = (token: string) => project.request("/user", { method: "DELETE", token });

describe("a reference to a project's users", () => {
  it("is a checked foreign key that leaves no right on users and no schema behind", async () => {
    const { user } = await project.signUp();
    await owner.transaction((query) => query("insert into notes values ($1)", [user.id]));
    expect(await add()).toEqual({
      constraint: "notes_owner_id_user_fkey",
      changed: true,
      indexed: false,
    });
    expect(await keys()).toEqual([{ name: "notes_owner_id_user_fkey", action: "r", valid: true }]);
    expect(await rights()).toEqual([]);
    const left = await project.sql("select from pg_namespace where nspname like 'miosa\\_step%'");
    expect(left).toEqual([]);
    const unknown = "insert into notes values (gen_random_uuid())";
    await owner.transaction(async (query) => {
      expect(await refusal(query, unknown)).toBe(foreignKeyViolation);
      const more = `create table more (id uuid references ${project.id}.users (id))`;
      expect(await refusal(query, more)).toBe(denied);
    });
  });

  it("that restricts keeps the user, and one that cascades loses the rows with it", async () => {
    const { user, access_token: token } = await project.signUp();
    await owner.transaction((query) => query("insert into notes values ($1)", [user.id]));
    await add();
    expect((await leave(token)).status).toBe(422);
    expect(await add({ onDelete: "cascade", ...safe() })).toMatchObject({ changed: true });
    expect(await keys()).toMatchObject([{ action: "c", valid: true }]);
    expect((await leave(token)).status).toBe(204);
    expect(await project.sql(`select from ${owner.schema}.notes`)).toEqual([]);
  });

  it("that sets null keeps the rows, and is refused where null cannot be", async () => {
    const { user, access_token: token } = await project.signUp();
    await owner.transaction((query) => query("insert into notes values ($1)", [user.id]));
    await add({ onDelete: "set-null", ...safe() });
    expect((await leave(token)).status).toBe(204);
    expect(await project.sql(`select owner_id from ${owner.schema}.notes`)).toEqual([
      { owner_id: null },
    ]);
    await owner.transaction((query) => query("create table strict (owner_id uuid not null)"));
    expect(await reasonOf(add({ onDelete: "set-null", ...safe() }, "strict"))).toMatch(
      /^validation_failed: .* is not null/,
    );
  });

  it("is there once however often it is asked for, and goes again", async () => {
    await add();
    await owner.transaction((query) => query("create index on notes (owner_id)"));
    expect(await add()).toMatchObject({ changed: false, indexed: true });
    expect(await keys()).toHaveLength(1);
    const remove = () =>
      removeReference(project.service.admin, project.id, `${owner.schema}.notes`, "owner_id");
    expect(await remove()).toBe(true);
    expect(await keys()).toEqual([]);
    expect(await remove()).toBe(false);
  });

  it("keeps the rights that the table's owner had before", async () => {
    await project.sql(`grant usage on schema ${project.id} to ${owner.name}`);
    await project.sql(`grant references (id) on users to ${owner.name}`);
    const before = await rights();
    await add();
    expect(await rights()).toEqual(before);
  });

  it("is refused where a row refers to nobody, and nothing is changed", async () => {
    await owner.transaction((query) => query("insert into notes values (gen_random_uuid())"));
    await expect(add()).rejects.toMatchObject({ sqlstate: foreignKeyViolation });
    expect([await keys(), await rights()]).toEqual([[], []]);
  });

  it("can be one of a partitioned table", async () => {
    await owner.transaction(async (query) => {
      await query("create table parts (owner_id uuid, n int) partition by list (n)");
      await query("create table part_1 partition of parts for values in (1)");
    });
    if (isBefore18()) expect(await reasonOf(add({}, "parts"))).toMatch("--trusted");
    await add(safe(), "parts");
    expect(await keys("part_1")).toMatchObject([{ action: "r", valid: true }]);
    expect(await add(safe(), "part_1")).toMatchObject({ changed: false });
    const other = { onDelete: "cascade", ...safe() } as const;
    expect(await reasonOf(add(other, "part_1"))).toMatch("partitioned table: name that one");
  });

  it("has a name of at most 63 bytes", async () => {
    const table = `${"é".repeat(28)}_n`;
    await owner.transaction((query) => query(`create table "${table}" (owner_id uuid)`));
    const { constraint } = await add({}, table);
    expect(constraint).toBe(`${table}_owner`.slice(0, constraint.length));
    expect(Buffer.byteLength(constraint)).toBeLessThanOrEqual(63);
    expect(await keys(`"${table}"`)).toMatchObject([{ name: constraint }]);
  });
});

describe("who owns a table that refers to users", () => {
  it("cannot give the column another type, whose cast would run as the project's owner", async () => {
    await owner.transaction(async (query) => {
      await query("create type own_id as (value text)");
      await query(
        `create function to_uuid(own_id) returns uuid language plpgsql as
         $$ begin raise exception 'ran as %', current_user; end $$`,
      );
      await query("create cast (own_id as uuid) with function to_uuid(own_id) as implicit");
    });
    await add();
    const change = "alter table notes alter column owner_id type own_id using null";
    expect(await owner.transaction((query) => refusal(query, change))).toBe(denied);
    // Not even where it may look into the schema, for its policies.
    await project.sql(`grant usage on schema ${project.id} to ${owner.name}`);
    expect(await owner.transaction((query) => refusal(query, change))).toBe(denied);
    expect(await reasonOf(add())).toBe("nothing");
  });
});

describe("what may not refer to a project's users", () => {
  it("is refused with what to do", async () => {
    await owner.transaction(async (query) => {
      await query("create domain user_id as uuid");
      await query("create table odd (id user_id, other text)");
      await query("create view seen as select owner_id from notes");
    });
    for (const [table, column, message] of [
      ["odd", "id", "of type"],
      ["odd", "other", "of type text"],
      ["odd", "nothing", "no column"],
      ["nothing", "id", "no table"],
      ["seen", "owner_id", "not a table"],
      ["notes.x", "id", "with its schema"],
    ] as const) {
      expect(await reasonOf(add({}, table, column))).toMatch(message);
    }
    const { admin } = project.service;
    for (const table of [`${project.id}.identities`, "miosa_auth.outbox", "pg_catalog.pg_class"]) {
      expect(await reasonOf(addReference(admin, project.id, table, "id"))).toMatch(
        "not a table of an application's",
      );
    }
    expect(await reasonOf(addReference(admin, "proj_nowhere", "a.b", "c"))).toMatch(
      "project_not_found",
    );
  });
});
