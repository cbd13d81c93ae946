import { beforeAll, describe, expect, it } from "vitest";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { runCli } from "../support/cli.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
let owner: AppRole;
let env: Record<string, string>;

beforeAll(async () => {
  project = await createTestProject();
  owner = await createAppRole(project, { helpers: false });
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  env = { MIOSA_AUTH_DATABASE: engine.adminUrl };
  await owner.transaction((query) =>
    query(`create function refuse() returns trigger language plpgsql
      security definer set search_path = ${owner.schema}, pg_temp
      as $$ begin raise exception 'Not today'; end $$`),
  );
});

const users = () => project.request("/signup", { method: "POST", body: signUp });
const signUp = { email: "ada@example.com", password: "a perfectly fine phrase" };

describe("the commands for an application's database", () => {
  it("grant references and take them back", async () => {
    const rights = async () =>
      (
        await project.sql(
          `select has_column_privilege($1, 'users', 'id', 'references') as refers,
            has_function_privilege($1, 'uid()', 'execute') as helped`,
          [owner.name],
        )
      )[0];
    const words = ["project", "grant", project.id, owner.name, "--references"];
    const refused = await runCli(words, env);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("miosa-auth project reference");
    expect(await rights()).toEqual({ refers: false, helped: false });
    const grant = await runCli([...words, "--trusted"], env);
    expect(grant).toMatchObject({ code: 0, stdout: expect.stringContaining("refer to its users") });
    expect(await rights()).toEqual({ refers: true, helped: true });
    const revoke = await runCli(["project", "revoke", project.id, owner.name, "--json"], env);
    expect(JSON.parse(revoke.stdout)).toEqual({ project: project.id, revoked: owner.name });
    expect(await rights()).toEqual({ refers: false, helped: false });
  });

  it("make a foreign key, say which grant and which index are missing, and drop it", async () => {
    await owner.transaction((query) => query("create table notes (owner_id uuid)"));
    const table = `${owner.schema}.notes`;
    const words = ["project", "reference", project.id, table, "owner_id"];
    const missing = await runCli(words, env);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    const { engine } = project.service;
    const grant = engine.kind === "postgres" ? `grant ${owner.name} to ${engine.adminRole}` : "";
    expect(missing.stderr).toContain(grant);
    await project.sql(grant);

    const made = await runCli([...words, "--json"], env);
    expect(made.stderr).toContain(`create index on ${table} (owner_id);`);
    expect(JSON.parse(made.stdout)).toEqual({
      project: project.id,
      table,
      column: "owner_id",
      on_delete: "restrict",
      constraint: "notes_owner_id_user_fkey",
      changed: true,
      indexed: false,
    });
    const again = await runCli(words, env);
    expect(again.stdout).toContain("referred already");
    const cascade = await runCli([...words, "--on-delete", "cascade"], env);
    if (engine.major < 18) {
      expect([cascade.code, cascade.stderr]).toEqual([1, expect.stringContaining("--trusted")]);
    } else {
      expect([cascade.code, cascade.stdout]).toEqual([0, expect.stringContaining("cascade")]);
    }
    const removed = await runCli([...words, "--remove"], env);
    expect([removed.code, removed.stdout]).toEqual([0, expect.stringContaining("no more")]);
    expect((await runCli([...words, "--on-delete", "drop"], env)).code).toBe(2);
  });

  it("set a function to follow sign-ups, say what is missing, and take it away", async () => {
    const name = `${owner.schema}.refuse`;
    const missing = await runCli(["project", "trigger", project.id, name], env);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain(
      `grant usage on schema "${owner.schema}" to miosa_auth_project`,
    );
    await project.sql(`grant usage on schema "${owner.schema}" to miosa_auth_project`);

    const set = await runCli(["project", "trigger", project.id, name, "--json"], env);
    expect(JSON.parse(set.stdout)).toEqual({ project: project.id, on: "signup", function: name });
    expect((await users()).body).toMatchObject({ msg: "Not today" });
    expect((await runCli(["project", "trigger", project.id, "--remove"], env)).code).toBe(0);
    expect((await users()).status).toBe(200);
  });

  it("say that signing in by SQL needs pgcrypto", async () => {
    const refused = await runCli(["project", "install-sql-login", project.id, "--json"], env);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(JSON.parse(refused.stderr).error.message).toContain("create extension pgcrypto");
    const removed = await runCli(["project", "install-sql-login", project.id, "--remove"], env);
    expect(removed.code).toBe(0);
  });

  it("refuse wrong usage with 2", async () => {
    for (const rest of [[], ["app.f", "--remove"], ["app.f", "--on", "login"]]) {
      expect((await runCli(["project", "trigger", project.id, ...rest], env)).code).toBe(2);
    }
  });
});
