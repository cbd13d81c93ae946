import { beforeEach, describe, expect, it } from "vitest";
import { examineDatabase } from "../../src/projects/doctor/doctor.ts";
import type { Finding } from "../../src/projects/doctor/finding.ts";
import { grantReferences } from "../../src/projects/grants.ts";
import { addReference } from "../../src/projects/references.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import { setUserTrigger } from "../../src/projects/triggers.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { createAppRole } from "../support/app_role.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeEach(async () => {
  project = await createTestProject();
});

async function findings(more: object = {}): Promise<readonly Finding[]> {
  const { admin, keyring } = project.service;
  return examineDatabase(admin, { projectId: project.id, keyring, ...more });
}

/** What the doctor says of the project's schema that is not well. */
async function drift(): Promise<string[]> {
  const found = (await findings()).filter(({ check }) => check === `schema ${project.id}`);
  return found.map(({ status, message }) => `${status}: ${message}`).sort();
}

describe("the doctor", () => {
  it("finds nothing wrong with a project as it was made, in use and with rights of the customer's own", async () => {
    await project.signUp();
    const app = await createAppRole(project);
    await project.sql(`grant references (id), select on users to ${app.name}`);
    const found = await findings();
    expect(found.filter(({ status }) => status === "fail")).toEqual([]);
    expect(await drift()).toEqual([]);
    const checks = new Set(found.map(({ check }) => check));
    for (const check of [
      "connection",
      "server version",
      "encoding",
      "login",
      "create",
      "pgcrypto",
      "clock",
      "time zone",
      "releases",
      "keys",
      "schema miosa_auth",
      "schemas",
    ]) {
      expect(checks).toContain(check);
    }
  });

  it("names a function that was altered by hand, and says what mends it", async () => {
    await project.sql(
      `create or replace function uid() returns uuid language sql stable parallel safe
       return '00000000-0000-4000-8000-000000000000'::uuid`,
    );
    await project.sql("alter function verified_uid() security invoker");
    await project.sql("alter function login(uuid, text, bytea, bytea, inet, text) reset all");
    expect(await drift()).toEqual([
      expect.stringMatching(/^fail: function login\(.*\) is altered: settings none, where/),
      "fail: function uid() has another body",
      "fail: function verified_uid() is altered: security invoker, where this release has security definer",
    ]);
    const [altered] = (await findings()).filter(({ check }) => check === `schema ${project.id}`);
    expect(altered?.remedy).toBe(`miosa-auth migrate ${project.id} --again`);

    expect(await upgradeProject(project.service.admin, project.id)).toBe(false);
    expect(await upgradeProject(project.service.admin, project.id, { again: true })).toBe(true);
    expect(await drift()).toEqual([]);
  });

  it("names rights that are wider or fewer than the release's (cases 132, 137)", async () => {
    await project.sql(`grant usage on schema ${project.id} to public`);
    await project.sql("grant execute on function db_mac(uuid, uuid, text, text, bigint) to public");
    await project.sql("grant select on users to miosa_auth_runtime");
    await project.sql("grant select (token_hash) on refresh_tokens to public");
    await project.sql(
      "revoke execute on function refresh(bytea, bytea, bytea, inet, text) from miosa_auth_runtime",
    );
    const owner = await project.sql<{ owner: string }>(
      "select nspowner::regrole::text as owner from pg_namespace where nspname = current_schema()",
    );
    await project.sql(`revoke insert on sessions from ${owner[0]?.owner}`);
    expect(await drift()).toEqual([
      "fail: grant of EXECUTE on function db_mac(p_user_id uuid, p_session_id uuid, p_role text, p_aal text, p_exp bigint) to PUBLIC is not of this release",
      expect.stringMatching(
        /^fail: grant of EXECUTE on function refresh\(.*\) to miosa_auth_runtime is missing$/,
      ),
      "fail: grant of INSERT on table sessions to owner is missing",
      "fail: grant of SELECT on column refresh_tokens.token_hash to PUBLIC is not of this release",
      "fail: grant of SELECT on table users to miosa_auth_runtime is not of this release",
      "fail: grant of USAGE on schema to PUBLIC is not of this release",
    ]);
  });

  it("names tables, columns, constraints, indexes and policies that differ", async () => {
    await project.sql("drop index sessions_user_id_revoked_at_created_at_idx");
    await project.sql("alter table users drop constraint users_email_is_canonical");
    await project.sql("alter table identities disable row level security");
    await project.sql("drop table login_attempts");
    await project.sql("alter table settings alter column bcrypt_cost set default 4");
    await project.sql("create policy open on users using (true)");
    await project.sql("create table of_mine (id int primary key)");
    expect(await drift()).toEqual([
      expect.stringMatching(/^fail: column settings.bcrypt_cost is altered: default 4, where/),
      "fail: constraint users.users_email_is_canonical is missing",
      "fail: index sessions.sessions_user_id_revoked_at_created_at_idx is missing",
      expect.stringMatching(/^fail: table identities is altered: no row security/),
      "fail: table login_attempts is missing",
      "warn: policy users.open is not of this release",
      "warn: table of_mine is not of this release",
    ]);
  });

  it("says what an application was given that reaches further than it seems", async () => {
    const app = await createAppRole(project, { helpers: false });
    const said = async () =>
      (await findings())
        .filter(({ check }) => check === "references" || check === "triggers")
        .map(({ status, message }) => `${status}: ${message}`);
    await app.transaction(async (query) => {
      await query("create table notes (owner_id uuid primary key)");
      await query(
        `create table lines (note_id uuid references notes (owner_id) on delete cascade)`,
      );
      await query(
        `create function follow() returns trigger language plpgsql
         security definer set search_path = ${app.schema}, pg_temp as $$ begin return null; end $$`,
      );
      for (const [table, event] of [
        ["notes", "insert"],
        ["lines", "delete"],
      ]) {
        await query(
          `create trigger after_${event} after ${event} on ${table} execute function follow()`,
        );
      }
    });
    const { admin, engine } = project.service;
    if (engine.kind === "postgres") await project.sql(`grant ${app.name} to ${engine.adminRole}`);
    await project.sql(`grant usage on schema ${app.schema} to miosa_auth_project`);
    const table = `${app.schema}.notes`;
    await addReference(admin, project.id, table, "owner_id");
    await setUserTrigger(admin, project.id, "signup", `${app.schema}.follow`);
    expect(await said()).toEqual([]);
    expect(await drift()).toEqual([]);

    const cascade = { onDelete: "cascade", trusted: true } as const;
    await addReference(admin, project.id, table, "owner_id", cascade);
    const reached = `warn: a deletion of a user of ${project.id} reaches ${app.schema}.lines`;
    expect(await said()).toEqual(engine.major < 18 ? [expect.stringContaining(reached)] : []);
    await addReference(admin, project.id, table, "owner_id");

    await grantReferences(admin, project.id, app.name);
    await app.transaction(async (query) => {
      await query("create type own_id as (value uuid)");
      await query(
        `create function to_uuid(p own_id) returns uuid language sql as $$ select p.value $$`,
      );
      await query("create cast (own_id as uuid) with function to_uuid(own_id) as implicit");
      await query(`create table odd (id own_id references ${project.id}.users (id))`);
      await query("alter function follow() security invoker");
    });
    expect(await said()).toEqual([
      expect.stringContaining(`warn: ${app.name} may refer to the users`),
      expect.stringContaining(`fail: the key odd_id_fkey of ${app.schema}.odd`),
      expect.stringContaining(`fail: ${app.schema}.follow follows the users`),
    ]);
  });

  it("finds out that a MIOSA_AUTH_KEY is not the project's", async () => {
    const keyring = parseKeyring(generateMasterKey());
    const keys = (found: readonly Finding[]) => found.filter(({ check }) => check === "keys");
    expect(keys(await findings({ keyring }))).toMatchObject([{ status: "fail" }]);
    expect(keys(await findings({ keyring: undefined }))).toMatchObject([{ status: "warn" }]);
    expect(keys(await findings())).toMatchObject([{ status: "ok" }]);
    await project.sql("update jwt_keys set state = 'retired'");
    expect(keys(await findings())).toMatchObject([{ status: "fail" }]);
    await project.sql("drop table jwt_keys");
    expect(keys(await findings())).toMatchObject([{ status: "fail" }]);
    expect(await drift()).toContain("fail: table jwt_keys is missing");
  });

  it("leaves nothing behind", async () => {
    const { engine } = project.service;
    const look = () =>
      engine.query(`select 'schema' as what, nspname as name from pg_namespace
        union all select 'role', rolname from pg_roles
        union all select 'member', format('%s of %s', member, roleid) from pg_auth_members
        union all select 'project', id from miosa_auth.projects order by 1, 2`);
    const before = await look();
    await findings();
    expect(await look()).toEqual(before);
  });
});
