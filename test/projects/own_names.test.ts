import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ownName, policyHelpers } from "../../src/database/own_names.ts";
import {
  actAsAdministrator,
  administration,
  asFirstOwner,
} from "../../src/projects/administration.ts";
import { createSchema, installProject } from "../../src/projects/create_project.ts";
import { rehearse } from "../../src/projects/rehearse.ts";
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

/** How many rows of pg_proc Postgres reads to make a project, and to bring it to a release again. */
async function functionsRead(): Promise<{ made: number; renewed: number }> {
  return rehearse(project.service.admin, async (tx) => {
    const mode = await administration(tx);
    await actAsAdministrator(tx, mode);
    const id = "proj_counted";
    const owner = await createSchema(tx, mode, id);
    const read = async () => {
      const [row] = await tx.query<{ count: number }>(
        "select pg_stat_get_xact_tuples_fetched('pg_proc_proname_args_nsp_index'::regclass)::integer as count",
      );
      return row?.count ?? Number.NaN;
    };
    const before = await read();
    return asFirstOwner(tx, mode, id, owner, async (owned) => {
      await installProject(owned, mode, { isNew: true });
      const made = await read();
      await installProject(owned, mode);
      return { made: made - before, renewed: (await read()) - made };
    });
  });
}

describe("the functions of a project", () => {
  it("share no name with another project's, for a connection keeps all of a name, but the helpers of policies", async () => {
    const other = await createTestProject();
    const mine = new Set(await namesIn(project.id));
    expect(mine.size).toBeGreaterThan(100);
    expect((await namesIn(other.id)).filter((name) => mine.has(name))).toEqual([...policyHelpers]);
  });

  it("are made without reading those that helpers of other projects are called like", async () => {
    const { engine } = project.service;
    const others = 300;
    const alone = await functionsRead();
    try {
      await engine.query(`do $$
        begin
          for v_n in 1..${others} loop
            execute format('create schema crowd_%s', v_n);
            ${policyHelpers.map((name) => `execute format('create function crowd_%s.${name}() returns text return null', v_n);`).join("\n")}
          end loop;
        end $$`);
      const crowded = await functionsRead();
      expect(alone.made).toBeGreaterThan(0);
      expect(crowded.made - alone.made).toBeLessThan(others);
      // One look-up of claims(), to put it aside.
      expect(crowded.renewed - alone.renewed).toBeLessThan(2 * others);
    } finally {
      await engine.query(`do $$
        begin
          for v_n in 1..${others} loop execute format('drop schema crowd_%s cascade', v_n); end loop;
        end $$`);
    }
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
