import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import type { PostgresEngine } from "../support/engine.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const user = "0190c0de-0000-4000-8000-00000000000a";

let project: TestProject;
let app: AppRole;
let client: pg.Client;

beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  const engine = project.service.engine as PostgresEngine;
  await app.transaction(async (query) => {
    await query("create table notes (owner_id uuid, body text)");
    await query("alter table notes enable row level security");
    await query("alter table notes force row level security");
    await query(`create policy notes_owner on notes using (owner_id = (select ${project.id}.uid())
      or owner_id = (select ${project.id}.verified_uid()) or owner_id = (select ${project.id}.live_uid()))`);
  });
  await engine.query(
    `insert into ${app.schema}.notes values ('${user}', 'a'), (null, 'nobody''s')`,
  );
  client = await engine.connect(app.name);
  await client.query(`set search_path = ${app.schema}`);
});

afterAll(() => client?.end());

async function visible(): Promise<unknown[]> {
  return (await client.query("select body from notes")).rows;
}

/** The names in the settings that the helpers read, as a pooler's next client finds them. */
async function leftOvers(): Promise<unknown[]> {
  const { rows } = await client.query(
    `select current_setting('jwt.claims.sub', true) as sub, current_setting('jwt.token', true) as token`,
  );
  return rows;
}

describe("a connection on which nobody has signed in shows no row and no error (case 134)", () => {
  it("when it is new, and the settings were never set", async () => {
    expect(await leftOvers()).toEqual([{ sub: null, token: null }]);
    expect(await visible()).toEqual([]);
  });

  it("after a transaction that set them, where they are empty texts, committed or rolled back", async () => {
    for (const end of ["commit", "rollback"]) {
      await client.query("begin");
      await client.query("select set_config('jwt.claims.sub', $1, true)", [user]);
      await client.query("select set_config('jwt.token', 'a.b.c', true)");
      expect(await visible()).toEqual([{ body: "a" }]);
      await client.query(end);
      expect(await leftOvers()).toEqual([{ sub: "", token: "" }]);
      expect(await visible()).toEqual([]);
    }
  });

  it("after RESET ALL and DISCARD ALL, which do not make them unset again", async () => {
    for (const reset of ["reset all", "discard all"]) {
      await client.query("select set_config('jwt.claims.sub', $1, false)", [user]);
      await client.query(reset);
      await client.query(`set search_path = ${app.schema}`);
      expect(await leftOvers()).toEqual([{ sub: "", token: "" }]);
      expect(await visible()).toEqual([]);
    }
  });

  it("when they are garbage", async () => {
    for (const value of ["not-a-uuid", "'", "{}", "a.b.c", "..", "\u{1f600}"]) {
      await client.query("select set_config('jwt.claims.sub', $1, false)", [value]);
      await client.query("select set_config('jwt.claims', $1, false)", [value]);
      await client.query("select set_config('request.jwt.claims', $1, false)", [value]);
      await client.query("select set_config('jwt.token', $1, false)", [value]);
      expect(await visible()).toEqual([]);
    }
  });
});
