import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createProject } from "../../src/projects/create_project.ts";
import { grantHelpers } from "../../src/projects/grants.ts";
import { listProjects } from "../../src/projects/registry.ts";
import { openTestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";

async function create(id: string) {
  const service = await openService();
  const { jwtSecret } = await createProject(service.admin, { id, keyring: service.keyring });
  return openTestProject(service, id, jwtSecret);
}

/** Every schema and role there is, to see that nothing was made. */
async function names(): Promise<string[]> {
  const { engine } = await openService();
  const rows = await engine.query<{ name: string }>(
    "select nspname::text as name from pg_namespace union all select rolname from pg_roles",
  );
  return rows.map(({ name }) => name).sort();
}

describe("the name of a new project", () => {
  it("is refused when it is no id, and nothing is made of it (case 122)", async () => {
    const before = await names();
    for (const id of [
      "",
      "A",
      "a-b",
      'a"; drop schema miosa_auth; --',
      "pg_temp",
      "pg_catalog",
      "public",
      "information_schema",
      "miosa_auth",
      "🙂",
      "a".repeat(64),
    ]) {
      await expect(create(id)).rejects.toMatchObject({ code: "validation_failed" });
    }
    expect(await names()).toEqual(before);
  });

  it("is refused when SQL could not name it without quotes (case 122)", async () => {
    const before = await names();
    for (const id of ["select", "user", "table", "authorization", "between", "default", "left"]) {
      await expect(create(id)).rejects.toMatchObject({ code: "validation_failed" });
    }
    expect(await names()).toEqual(before);
  });

  it("is its own to the last of the most characters it may have (case 121)", async () => {
    const stem = `proj_${randomBytes(19).toString("hex")}z`;
    const [a, b] = [await create(`${stem}a`), await create(`${stem}b`)];
    expect(a.id).toHaveLength(45);
    const user = await a.signUp();
    expect(await a.sql("select email from users")).toEqual([{ email: user.user.email }]);
    expect(await b.sql("select email from users")).toEqual([]);
    const { admin } = await openService();
    const owners = (await listProjects(admin)).filter(({ id }) => id.startsWith(stem));
    expect(owners.map(({ id, owner_role }) => owner_role.endsWith(`_${id}`))).toEqual([true, true]);
    expect(new Set(owners.map(({ owner_role }) => owner_role)).size).toBe(2);
  });

  it("is taken once, by a project or by a schema that is none (case 122)", async () => {
    const { engine } = await openService();
    const id = `own_${randomBytes(4).toString("hex")}`;
    const first = await create(id);
    const user = await first.signUp();
    await expect(create(id)).rejects.toMatchObject({ code: "validation_failed" });
    expect(await first.sql("select email from users")).toEqual([{ email: user.user.email }]);

    await engine.query(`create schema ${id}_theirs`);
    await expect(create(`${id}_theirs`)).rejects.toMatchObject({ code: "validation_failed" });
    expect(
      await engine.query("select from pg_class where relnamespace = $1::regnamespace", [
        `${id}_theirs`,
      ]),
    ).toEqual([]);
    await engine.query(`drop schema ${id}_theirs`);
  });

  it("and a role's name are quoted wherever they are granted (case 122)", async () => {
    const { engine, admin } = await openService();
    const project = await create(`proj_${randomBytes(6).toString("hex")}`);
    const role = `App "x"; drop role nobody; --${randomBytes(4).toString("hex")}`;
    await engine.query(`create role "${role.replaceAll('"', '""')}" nologin`);
    await grantHelpers(admin, project.id, role);
    const [row] = await engine.query(
      "select has_function_privilege($1, $2, 'execute') as helper, has_schema_privilege($1, $3, 'create') as makes",
      [role, `${project.id}.uid()`, project.id],
    );
    expect(row).toEqual({ helper: true, makes: false });
    await engine.query(`drop owned by "${role.replaceAll('"', '""')}"`);
    await engine.query(`drop role "${role.replaceAll('"', '""')}"`);
    await expect(grantHelpers(admin, project.id, role)).rejects.toMatchObject({
      code: "validation_failed",
    });
  });
});
