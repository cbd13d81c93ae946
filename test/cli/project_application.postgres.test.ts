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
    const grant = await runCli(["project", "grant", project.id, owner.name, "--references"], env);
    expect(grant).toMatchObject({ code: 0, stdout: expect.stringContaining("refer to its users") });
    expect(await rights()).toEqual({ refers: true, helped: true });
    const revoke = await runCli(["project", "revoke", project.id, owner.name, "--json"], env);
    expect(JSON.parse(revoke.stdout)).toEqual({ project: project.id, revoked: owner.name });
    expect(await rights()).toEqual({ refers: false, helped: false });
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
