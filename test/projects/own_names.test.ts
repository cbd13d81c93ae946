import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ownName, policyHelpers } from "../../src/database/own_names.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
});

async function namesIn(id: string): Promise<string[]> {
  const rows = await project.service.engine.query<{ name: string }>(
    "select proname::text as name from pg_proc where pronamespace = $1::regnamespace order by 1",
    [id],
  );
  return rows.map(({ name }) => name);
}

describe("the functions of a project", () => {
  it("share no name with another project's, for a connection keeps all of a name, but the helpers of policies", async () => {
    const other = await createTestProject();
    const mine = new Set(await namesIn(project.id));
    expect(mine.size).toBeGreaterThan(100);
    expect((await namesIn(other.id)).filter((name) => mine.has(name))).toEqual([...policyHelpers]);
  });

  it("are given names of their own where an older release made them, and keep their rights", async () => {
    const { engine, admin } = project.service;
    const email = "older@example.com";
    const { refresh_token } = await project.signUp({ email });
    const names = await namesIn(project.id);
    const suffix = ownName(project.id, "");
    const script = await readFile("sql/project/migrations/15_own_names.sql", "utf8");
    const functions = await engine.query<{ signature: string; name: string }>(
      `select format('%I.%I(%s)', pronamespace::regnamespace, proname, pg_get_function_identity_arguments(oid)) as signature,
         replace(proname, $2, '') as name
       from pg_proc where pronamespace = $1::regnamespace and proname like '%' || $2`,
      [project.id, suffix],
    );
    const renamed = functions.filter(({ name }) => script.includes(`'${name}'`));
    expect(renamed.length).toBeGreaterThan(100);
    for (const { signature, name } of renamed)
      await engine.query(`alter function ${signature} rename to ${name}`);

    await project.sql(script);
    await engine.query("update miosa_auth.projects set release = 'an older one' where id = $1", [
      project.id,
    ]);

    expect(await upgradeProject(admin, project.id)).toBe(true);
    expect(await namesIn(project.id)).toEqual(names);
    expect((await project.post("/refresh", { refresh_token })).status).toBe(200);
    expect((await project.post("/token", { email, password: goodPassword })).status).toBe(200);
  });
});
