import { beforeAll, describe, expect, it } from "vitest";
import { sqlSet } from "../../src/database/sql_files.ts";
import { grantHelpers, revokeHelpers } from "../../src/projects/grants.ts";
import { type AppRole, createAppRole, refusal } from "../support/app_role.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const denied = "42501";
const { helpers } = sqlSet("project");

let project: TestProject;
let app: AppRole;
beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
});

/** The functions of the schema that a role may execute, by signature. */
async function executable(role: string, schema = project.id): Promise<string[]> {
  const rows = await project.sql<{ signature: string }>(
    `select format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) as signature
     from pg_proc p where p.pronamespace = $2::regnamespace
       and has_schema_privilege($1, $2, 'usage') and has_function_privilege($1, p.oid, 'execute')
     order by 1`,
    [role, schema],
  );
  return rows.map(({ signature }) => signature);
}

describe("an application's role that was granted the helpers", () => {
  it("can execute the nine of them and nothing else", async () => {
    expect(helpers).toHaveLength(9);
    expect(await executable(app.name)).toEqual(helpers);
    expect(await executable(app.name, "miosa_auth")).toEqual([]);
    const names = helpers.map((helper) => `${project.id}.${helper}`);
    expect(await app.transaction((query) => query(`select ${names.join(", ")}`))).toHaveLength(1);
  });

  it("cannot sign in, guess or refresh by SQL, where it could roll the count back (case 136)", async () => {
    await app.transaction(async (query) => {
      for (const call of [
        "password_salt('a@example.com', null)",
        "login(gen_random_uuid(), 'a@example.com', '\\x00', '\\x00', null, null)",
        "refresh('\\x00', '\\x00', '\\x00', null, null)",
        "signup('a@example.com', 'a@example.com', 'x', null, '\\x00', null, null, null)",
        "logout(gen_random_uuid(), null, 'global', null)",
        "get_user(gen_random_uuid(), gen_random_uuid())",
        "delete_user(gen_random_uuid(), gen_random_uuid(), null, null, null)",
        "configuration()",
        "read_settings()",
        "change_settings('{}')",
        "db_mac(gen_random_uuid(), gen_random_uuid(), 'a', 'a', 1)",
        "verified_identity()",
        "token_payload('a.b.c')",
      ]) {
        expect(await refusal(query, `select ${project.id}.${call}`), call).toBe(denied);
      }
    });
  });

  it("has no right on any table or sequence, of the project or the registry (case 137)", async () => {
    const rights = await project.sql(
      `select c.relname, p.privilege
       from pg_class c,
         unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p (privilege)
       where c.relnamespace in ($2::regnamespace, 'miosa_auth'::regnamespace) and c.relkind = 'r'
         and (has_table_privilege($1, c.oid, p.privilege)
           or p.privilege in ('select', 'insert', 'update', 'references')
             and has_any_column_privilege($1, c.oid, p.privilege))
       union all
       select c.relname, p.privilege from pg_class c, unnest(array['usage', 'select', 'update']) p (privilege)
       where c.relnamespace in ($2::regnamespace, 'miosa_auth'::regnamespace) and c.relkind = 'S'
         and has_sequence_privilege($1, c.oid, p.privilege)`,
      [app.name, project.id],
    );
    expect(rights).toEqual([]);
  });

  it("is refused every statement on the tables that matter (case 137)", async () => {
    const tables = [
      "users",
      "sessions",
      "refresh_tokens",
      "one_time_tokens",
      "database_keys",
      "jwt_keys",
    ];
    const names = [...tables.map((table) => `${project.id}.${table}`), "miosa_auth.outbox"];
    await app.transaction(async (query) => {
      for (const name of names) {
        for (const statement of [
          `select from ${name}`,
          `select count(*) from ${name}`,
          `insert into ${name} default values`,
          `delete from ${name}`,
          `update ${name} set created_at = now()`,
          `truncate ${name}`,
          `lock table ${name}`,
          `create table own_${name.replace(".", "_")} (id uuid references ${name})`,
          `create trigger t before insert on ${name} execute function suppress_redundant_updates_trigger()`,
          `create policy p on ${name}`,
          `alter table ${name} disable row level security`,
          `copy ${name} to stdout`,
        ]) {
          // A registry that the role may not enter answers alike.
          expect(await refusal(query, statement), statement).toBe(denied);
        }
      }
    });
  });

  it("cannot create in the project's schema, nor replace, alter or pass on a helper", async () => {
    await app.transaction(async (query) => {
      for (const statement of [
        `create table ${project.id}.mine ()`,
        `create function ${project.id}.uid(text) returns uuid language sql as 'select null::uuid'`,
        `create or replace function ${project.id}.uid() returns uuid language sql as 'select null::uuid'`,
        `alter function ${project.id}.verified_uid() security invoker`,
        `drop function ${project.id}.uid()`,
        `alter schema ${project.id} rename to other`,
      ]) {
        expect(await refusal(query, statement), statement).toBe(denied);
      }
      await query(`grant execute on function ${project.id}.uid() to public`);
    });
    const [everyone] = await project.sql(
      "select has_function_privilege('public', 'uid()', 'execute') as may",
    );
    expect(everyone).toEqual({ may: false });
  });

  it("is a member of none of the product's roles", async () => {
    const groups = await project.sql(
      `select rolname from pg_roles
       where (rolname like 'miosa%' or rolname ~ '^ma_') and pg_has_role($1, oid, 'member')`,
      [app.name],
    );
    expect(groups).toEqual([]);
  });

  it("has nothing left once they are taken back", async () => {
    const other = await createAppRole(project);
    expect(await executable(other.name)).toEqual(helpers);
    await revokeHelpers(project.service.admin, project.id, other.name);
    expect(await executable(other.name)).toEqual([]);
    await other.transaction(async (query) => {
      expect(await refusal(query, `select ${project.id}.uid()`)).toBe(denied);
    });
    const [left] = await project.sql<{ grants: string }>(
      "select concat(nspacl::text, (select string_agg(proacl::text, '') from pg_proc where pronamespace = n.oid)) as grants from pg_namespace n where nspname = $1",
      [project.id],
    );
    expect(left?.grants).not.toContain(other.name);
    expect(await executable(app.name)).toEqual(helpers);
  });

  it("can be granted and revoked twice", async () => {
    const { admin } = project.service;
    const other = await createAppRole(project, { helpers: false });
    for (const _ of [1, 2]) await grantHelpers(admin, project.id, other.name);
    expect(await executable(other.name)).toEqual(helpers);
    for (const _ of [1, 2]) await revokeHelpers(admin, project.id, other.name);
    expect(await executable(other.name)).toEqual([]);
  });
});

describe("a grant to what is no role of an application", () => {
  it.each([
    "nobody_of_that_name",
    "public",
    "PUBLIC",
    "current_user",
    "",
    "x".repeat(64),
    'a"; drop schema public; --',
  ])("is refused and changes nothing: %j", async (role) => {
    const before = await project.sql("select nspacl::text from pg_namespace where nspname = $1", [
      project.id,
    ]);
    for (const change of [grantHelpers, revokeHelpers]) {
      await expect(change(project.service.admin, project.id, role)).rejects.toMatchObject({
        code: "validation_failed",
      });
    }
    expect(
      await project.sql("select nspacl::text from pg_namespace where nspname = $1", [project.id]),
    ).toEqual(before);
    expect(
      await project.sql("select has_function_privilege('public', 'uid()', 'execute') as may"),
    ).toEqual([{ may: false }]);
  });

  it("is refused for a project that is not there", async () => {
    await expect(grantHelpers(project.service.admin, "proj_none", app.name)).rejects.toMatchObject({
      code: "project_not_found",
    });
  });
});
