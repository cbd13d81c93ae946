import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Instance, openInstance } from "../support/instance.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { countLeaves, endOf, openSession, refresh, rotate } from "../support/sessions.ts";

let project: TestProject;
let strict: Instance;

beforeAll(async () => {
  project = await createTestProject();
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite has one connection");
  const role = `strict_${project.id}`;
  await engine.query(`create role ${role} login in role miosa_auth_runtime`);
  await engine.query(`alter role ${role} set default_transaction_isolation = 'serializable'`);
  strict = openInstance(project.service, { url: engine.url(role) });
});

afterAll(() => strict.close());

/** From now on, storing a child fails `times` times with this SQLSTATE. */
async function failToStore(sqlstate: string, times: number): Promise<void> {
  await project.transaction(async (query) => {
    await query("drop trigger if exists fail on refresh_tokens");
    await query("drop sequence if exists failures");
    await query("create sequence failures");
    await query(`
      create or replace function fail() returns trigger language plpgsql security definer
      set search_path from current as $$
      begin
        -- A sequence is not rolled back, so it counts failures.
        if nextval('failures') <= ${times} then
          raise exception 'made to fail' using errcode = '${sqlstate}';
        end if;
        return new;
      end $$`);
    await query(
      "create trigger fail before insert on refresh_tokens for each row when (new.parent_id is not null) execute function fail()",
    );
  });
}

describe.each(["40001", "40P01"])("a refresh that Postgres rolls back with %s", (sqlstate) => {
  it("is run again, and the client hears nothing of it", async () => {
    const session = await openSession(project);
    await failToStore(sqlstate, 2);
    const { refresh_token } = await rotate(project, session.refreshToken);
    await rotate(project, refresh_token);
    expect(await countLeaves(project, session.id)).toBe(1);
  });

  it("is 409 in the end when it fails for ever, with nothing changed", async () => {
    const session = await openSession(project);
    await failToStore(sqlstate, 1000);
    expect(await refresh(project, session.refreshToken)).toMatchObject({
      status: 409,
      body: { error_code: "conflict" },
    });
    const [row] = await project.sql<{ calls: number }>(
      "select last_value::int as calls from failures",
    );
    expect(row?.calls).toBeGreaterThan(1);
    expect(row?.calls).toBeLessThan(10);

    await failToStore(sqlstate, 0);
    await rotate(project, session.refreshToken);
    expect(await countLeaves(project, session.id)).toBe(1);
  });
});

describe("a refresh that Postgres rolls back for another reason", () => {
  it("is run once, and the token stays good", async () => {
    const session = await openSession(project);
    await failToStore("XX000", 1000);
    expect(await refresh(project, session.refreshToken)).toMatchObject({
      status: 500,
      body: { error_code: "unexpected_failure" },
    });
    expect(await project.sql("select last_value::int as calls from failures")).toEqual([
      { calls: 1 },
    ]);
    await failToStore("XX000", 0);
    expect((await refresh(project, session.refreshToken)).status).toBe(200);
  });
});

describe("parallel refreshes as a login that is serializable by default", () => {
  it("end in a session or in a conflict to try again, in one lineage, never in a 500", async () => {
    await failToStore("40001", 0);
    const { auth } = strict;
    for (let round = 0; round < 10; round += 1) {
      const session = await openSession(project);
      const replies = await Promise.all(
        Array.from({ length: 10 }, () => refresh(project, session.refreshToken, { auth })),
      );
      const statuses = replies.map(({ status }) => status);
      expect(statuses).toContain(200);
      for (const status of statuses) expect([200, 409]).toContain(status);
      const { refresh_token } = await rotate(project, session.refreshToken, { auth });
      for (const { status, body } of replies) {
        if (status === 200) expect(body.refresh_token).toBe(refresh_token);
      }
      expect(await countLeaves(project, session.id)).toBe(1);
      expect(await endOf(project, session.id)).toBeNull();
    }
  });
});
