import { beforeEach, describe, expect, it } from "vitest";
import { requireProject } from "../../src/projects/registry.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { createAppRole } from "../support/app_role.ts";
import { catalogueFunctions, catalogueTables } from "../support/catalogue.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeEach(async () => {
  project = await createTestProject();
});

/** Installs again, as the next release of the SQL would. */
async function upgrade(): Promise<boolean> {
  const { engine, admin } = project.service;
  await engine.query("update miosa_auth.projects set release = 'an older one' where id = $1", [
    project.id,
  ]);
  return upgradeProject(admin, project.id);
}

/** All rights and attributes in the schema. */
async function contract() {
  const { engine } = project.service;
  const [schema] = await engine.query(
    "select array(select a::text from aclexplode(nspacl) a order by 1) as acl from pg_namespace where nspname = $1",
    [project.id],
  );
  return {
    schema,
    functions: await catalogueFunctions(engine, project.id),
    tables: await catalogueTables(engine, project.id),
  };
}

describe("an upgrade", () => {
  it("is done once, and keeps users, sessions, tokens and keys", async () => {
    const email = "kept@example.com";
    const session = await project.signUp({ email });
    const keys = await project.sql("select * from database_keys order by purpose");

    expect(await upgrade()).toBe(true);
    expect(await upgradeProject(project.service.admin, project.id)).toBe(false);
    const { release } = await requireProject(project.service.admin, project.id);
    expect(release).not.toBe("an older one");

    expect(await project.sql("select * from database_keys order by purpose")).toEqual(keys);
    const { access_token: token, refresh_token } = session;
    expect((await project.request("/user", { token })).body).toMatchObject({ email });
    expect((await project.post("/refresh", { refresh_token })).status).toBe(200);
    expect((await project.post("/token", { email, password: goodPassword })).status).toBe(200);
  });

  it("leaves every right as it was, those that a customer granted included (case 132)", async () => {
    const app = await createAppRole(project);
    await project.sql(`grant references (id) on users to ${app.name}`);
    const before = await contract();
    expect(before.tables.flatMap(({ grants }) => grants)).toEqual([`${app.name}: REFERENCES (id)`]);
    expect(before.functions.filter(({ executors }) => executors.includes(app.name))).toHaveLength(
      9,
    );
    await upgrade();
    expect(await contract()).toEqual(before);
  });

  it("takes back what PUBLIC and the server were granted beside the allow-list (cases 132, 137)", async () => {
    const before = await contract();
    for (const grantee of ["public", "miosa_auth_runtime"]) {
      for (const grant of [
        "usage, create on schema",
        "select, insert on users",
        "select (email), update (role) on sessions",
        "select (token_hash) on refresh_tokens",
        "usage on sequence audit_log_id_seq",
        "execute on function db_mac(uuid, uuid, text, text, bigint)",
        "execute on function uid()",
      ]) {
        const statement = grant
          .replace(/schema$/, `schema ${project.id}`)
          .replace("(email), update (role)", "(aal), update (ip)");
        await project.sql(`grant ${statement} to ${grantee}`);
      }
    }
    expect(await contract()).not.toEqual(before);
    await upgrade();
    expect(await contract()).toEqual(before);
  });

  it("gives functions back the attributes that they were reviewed with (case 130)", async () => {
    const before = await contract();
    await project.sql("alter function login(uuid, text, bytea, bytea, inet, text) reset all");
    await project.sql("alter function verified_uid() security invoker parallel unsafe");
    await project.sql("alter function uid() immutable");
    await project.sql("revoke execute on function get_user(uuid, uuid) from miosa_auth_runtime");
    await upgrade();
    expect(await contract()).toEqual(before);
  });

  it("makes the helpers of policies again where they are gone, and what is said of them", async () => {
    const before = await contract();
    const comments = () =>
      project.sql(
        `select proname::text as name, obj_description(oid, 'pg_proc') as comment from pg_proc
         where pronamespace = current_schema()::regnamespace and obj_description(oid, 'pg_proc') is not null
         order by 1`,
      );
    const said = await comments();
    await project.sql("drop function claims() cascade");
    await project.sql("comment on function verified_uid() is 'of an older release'");
    await project.sql("comment on function live_uid() is null");
    expect(await comments()).not.toEqual(said);
    await upgrade();
    expect(await contract()).toEqual(before);
    expect(await comments()).toEqual(said);
  });

  it("that fails leaves the schema, its rights and its release as they were (case 148)", async () => {
    await project.sql("alter function verified_uid() security invoker");
    await project.sql("update migrations set hash = 'of another text' where id = 3");
    const before = await contract();
    await expect(upgrade()).rejects.toThrow(/Hashes don't match/);
    expect(await contract()).toEqual(before);
    const { release } = await requireProject(project.service.admin, project.id);
    expect(release).toBe("an older one");
  });

  it("is refused for a project that is not there", async () => {
    await expect(upgradeProject(project.service.admin, "proj_none")).rejects.toMatchObject({
      code: "project_not_found",
    });
  });
});
