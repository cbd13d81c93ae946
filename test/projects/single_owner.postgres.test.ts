import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { grantHelpers } from "../../src/projects/grants.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { addReference } from "../../src/projects/references.ts";
import { listProjects } from "../../src/projects/registry.ts";
import { checkRuntime } from "../../src/projects/runtime_check.ts";
import { changeSettings, readSettings } from "../../src/projects/settings.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { type Administrator, createAdministrator } from "../support/administrators.ts";
import { freshEmail, goodPassword, openTestProject, type TestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";

let admin: Administrator;
let auth: Auth;
let atStart: unknown;

beforeAll(async () => {
  const service = await openService();
  if (service.engine.kind !== "postgres") throw new Error("this needs a server");
  admin = await createAdministrator(service.engine.server, { createRole: false, create: "plain" });
  auth = createAuth({
    database: admin.connection,
    masterKey: service.masterKey,
    publicUrl: service.publicUrl,
  });
});

afterAll(async () => {
  await auth.close();
  await admin.connection.close();
});

/** A project of this administrator's, with its own service. */
async function create(id: string): Promise<TestProject> {
  const service = await openService();
  if (service.engine.kind !== "postgres") throw new Error("this needs a server");
  const { jwtSecret } = await createProject(admin.connection, { id, keyring: service.keyring });
  const superUrl = service.engine.server.url(admin.database);
  return openTestProject(
    { ...service, auth, admin: admin.connection, engine: { ...service.engine, superUrl } },
    id,
    jwtSecret,
  );
}

/** Whatever in the database hangs on the administrator: rights, defaults, schemas, objects. */
function traces(): Promise<unknown[]> {
  return admin.query(
    `select 'default' as kind, count(*)::int from pg_default_acl
     union all select 'schema', count(*)::int from pg_namespace
     union all select 'object', count(*)::int from pg_shdepend
       where refobjid = (select oid from pg_roles where rolname = $1) and dbid = (select oid from pg_database where datname = current_database())
     union all select 'function', count(*)::int from pg_proc
     union all select 'table', count(*)::int from pg_class
     union all select 'type', count(*)::int from pg_type
     order by 1`,
    [admin.role],
  );
}

describe("an administrator without CREATEROLE", () => {
  it("is told what that costs, and makes no role", async () => {
    const roles = "select count(*)::int from pg_roles";
    const before = await admin.query(roles);
    const prepared = await prepareDatabase(admin.connection);
    expect(prepared).toEqual({
      administration: "single-owner",
      notes: [expect.stringContaining("a flaw in one project's SQL is a flaw in all")],
    });
    expect(await admin.query(roles)).toEqual(before);
    await expect(prepareDatabase(admin.connection, { runtimeRole: "x" })).rejects.toMatchObject({
      code: "validation_failed",
    });
    expect(await checkRuntime(admin.connection)).not.toEqual([]);
    atStart = await traces();
  });

  it("creates a project and serves it, from sign-up to deletion of the user", async () => {
    const project = await create("proj_single");
    const email = freshEmail();
    const { access_token: token, refresh_token, user } = await project.signUp({ email });
    expect((await project.request("/user", { token })).body).toMatchObject({ id: user.id, email });
    expect((await project.post("/token", { email, password: goodPassword })).status).toBe(200);
    expect((await project.post("/token", { email, password: "not the right one" })).status).toBe(
      400,
    );
    expect((await project.post("/refresh", { refresh_token })).status).toBe(200);
    expect(await project.sql("select failures from guess_budgets")).toEqual([{ failures: 1 }]);
    const patched = await project.request("/user", {
      method: "PATCH",
      token,
      body: { data: { a: 1 } },
    });
    expect(patched.status).toBe(200);
    expect((await project.request("/user", { method: "DELETE", token })).status).toBe(204);
    expect(await project.sql("select from users")).toEqual([]);
  });

  it("lets nobody else in: PUBLIC has nothing, and a granted role has the helpers alone", async () => {
    const stranger = `stranger_${admin.role.slice(-8)}`;
    await admin.query(`create role ${stranger}`);
    const may = () =>
      admin.query<{ name: string }>(
        `select proname::text as name from pg_proc where pronamespace = 'proj_single'::regnamespace
           and has_function_privilege($1, oid, 'execute') order by 1`,
        [stranger],
      );
    expect(await may()).toEqual([]);
    await grantHelpers(admin.connection, "proj_single", stranger);
    expect(await may()).toHaveLength(9);
    const rights = await admin.query(
      `select from pg_class where relnamespace = 'proj_single'::regnamespace and relkind = 'r'
         and has_table_privilege($1, oid, 'select, insert, update, delete, truncate')`,
      [stranger],
    );
    expect(rights).toEqual([]);
    await admin.query(`drop owned by ${stranger}`);
    await admin.query(`drop role ${stranger}`);
  });

  it("makes a foreign key to its users for a role that it may act for, which keeps no right", async () => {
    const stranger = `stranger_${admin.role.slice(-8)}`;
    await admin.query(`create role ${stranger}`);
    await admin.query(`create schema stranger authorization ${stranger}`);
    await admin.query("create table stranger.notes (owner_id uuid)");
    await admin.query(`alter table stranger.notes owner to ${stranger}`);
    const add = () => addReference(admin.connection, "proj_single", "stranger.notes", "owner_id");
    await expect(add()).rejects.toMatchObject({ message: expect.stringContaining(admin.quoted) });
    await admin.query(`grant ${stranger} to ${admin.quoted}`);
    expect(await add()).toMatchObject({ changed: true });
    const may = `select has_schema_privilege($1, 'proj_single', 'usage') as enter,
      has_column_privilege($1, 'proj_single.users', 'id', 'references') as refer`;
    expect(await admin.query(may, [stranger])).toEqual([{ enter: false, refer: false }]);
    await admin.query(`drop owned by ${stranger}`);
    await admin.query(`drop role ${stranger}`);
  });

  it("upgrades a project, and changes settings from several places at once without losing one", async () => {
    await admin.query("update miosa_auth.projects set release = 'older'");
    expect(await upgradeProject(admin.connection, "proj_single")).toBe(true);
    const changes = [
      { name: "A" },
      { bcrypt_cost: 11 },
      { logins_per_address: 7 },
      { password_min_length: 9 },
      { session_lifetime: 86_400 },
    ];
    await Promise.all(changes.map((one) => changeSettings(admin.connection, "proj_single", one)));
    const settings = await readSettings(admin.connection, "proj_single");
    expect(settings).toMatchObject(Object.assign({}, ...changes));
  });

  it("is refused the deletion while a policy uses a helper, and then leaves nothing behind", async () => {
    await admin.query("create schema app");
    await admin.query("create table app.notes (owner_id uuid)");
    await admin.query(
      "create policy notes_owner on app.notes using (owner_id = proj_single.uid())",
    );
    await expect(deleteProject(admin.connection, "proj_single")).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining("policy notes_owner on table app.notes"),
    });
    expect(await listProjects(admin.connection)).toMatchObject([{ id: "proj_single" }]);
    await admin.query("drop schema app cascade");

    await deleteProject(admin.connection, "proj_single");
    expect(await listProjects(admin.connection)).toEqual([]);
    expect(await traces()).toEqual(atStart);
  });

  it("finds its own functions elsewhere as open to others as they ever were", async () => {
    await admin.connection.transaction(async (tx) => {
      await tx.script(
        `create schema own; create function own.f() returns int language sql as 'select 1'`,
      );
      const [row] = await tx.query(
        "select has_function_privilege('public', 'own.f()', 'execute') as open",
      );
      expect(row).toEqual({ open: true });
    });
  });
});
