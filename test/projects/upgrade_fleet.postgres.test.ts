import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import type { Database } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { sqlSet } from "../../src/database/sql_files.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { planUpgrade, upgradeProjects } from "../../src/projects/upgrade_projects.ts";
import type { PostgresDatabase, PostgresEngine } from "../support/engine.ts";
import { named } from "../support/own_names.ts";
import { openTestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";

const ids = Array.from({ length: 20 }, (_, n) => `proj_fleet_${String(n).padStart(2, "0")}`);
const [first = "", second = "", third = ""] = ids;

let service: TestService & { engine: PostgresEngine };
let database: PostgresDatabase;
let admin: Database;

beforeAll(async () => {
  const opened = await openService();
  if (opened.engine.kind !== "postgres") throw new Error("this needs a server");
  service = { ...opened, engine: opened.engine };
  database = await service.engine.createDatabase();
  admin = connectPostgres({ url: database.adminUrl });
  await prepareDatabase(admin);
  for (const id of ids) await createProject(admin, { id, keyring: service.keyring });
});
afterAll(() => admin?.close());
beforeEach(() => fallBehind(ids));

/** As if the release before this one had installed them, and functions had since changed. */
async function fallBehind(projects: readonly string[]) {
  await database.query("update miosa_auth.projects set release = 'older' where id = any ($1)", [
    projects,
  ]);
}

async function releases(): Promise<Record<string, number>> {
  const rows = await database.query<{ release: string; n: number }>(
    "select release, count(*)::int as n from miosa_auth.projects group by release",
  );
  return Object.fromEntries(rows.map(({ release, n }) => [release, n]));
}

/** Rights of everybody and of the server in all projects: what an upgrade must never widen. */
async function rights(): Promise<unknown[]> {
  return database.query(
    `select n.nspname, p.proname, a.grantee::text, a.privilege_type
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace,
       aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
     where n.nspname like 'proj_fleet_%' and a.grantee <> p.proowner
     union all
     select n.nspname, c.relname, a.grantee::text, a.privilege_type
     from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
     where n.nspname like 'proj_fleet_%' and a.grantee <> c.relowner
     order by 1, 2, 3, 4`,
  );
}

describe("an upgrade of a database", () => {
  it("brings twenty projects over at once: no session lost, no wider right at any moment (cases 132, 148)", async () => {
    const runtime = connectPostgres({ url: database.url(service.runtimeRole) });
    const { masterKey, publicUrl } = service;
    const auth = createAuth({ database: runtime, masterKey, publicUrl });
    const project = openTestProject({ ...service, auth }, first, "");
    const session = await project.signUp();
    const before = await rights();
    let isDone = false;
    const seen: unknown[][] = [];
    const watch = (async () => {
      while (!isDone) seen.push(await rights());
    })();
    const heard: number[] = [];
    const report = await upgradeProjects(admin, {
      concurrency: 8,
      progress: (total, work) => work(() => heard.push(total)),
    });
    isDone = true;
    await watch;
    expect(report).toEqual({ shared: false, upgraded: ids, current: [], failed: [] });
    expect(heard).toEqual(Array(20).fill(20));
    expect(await releases()).toEqual({ [sqlSet("project").release]: 20 });
    expect(seen.length).toBeGreaterThan(1);
    for (const look of seen) expect(look).toEqual(before);
    const { access_token: token, refresh_token } = session;
    expect((await project.request("/user", { token, auth })).status).toBe(200);
    expect((await project.post("/refresh", { refresh_token }, { auth })).status).toBe(200);
    await auth.close();
    await runtime.close();
    expect(await upgradeProjects(admin)).toEqual({
      shared: false,
      upgraded: [],
      current: ids,
      failed: [],
    });
  });

  it("goes on when some cannot be upgraded, says why, and does those in the next run (case 148)", async () => {
    const stranger = `stranger_${randomBytes(4).toString("hex")}`;
    await database.query(`create role ${stranger}`);
    const changed = named(`alter function ${second}.iso_time(timestamptz)`, second);
    await database.query(`${changed} owner to ${stranger}`);
    const holder = await database.connect("postgres");
    await holder.query(`begin; lock table ${first}.migrations in access exclusive mode`);

    const report = await upgradeProjects(admin, { lockTimeout: 50 });
    expect(report.upgraded).toEqual(ids.slice(2));
    const reasons = new Map(report.failed.map(({ id, error }) => [id, error]));
    expect([...reasons.keys()].sort()).toEqual([first, second]);
    expect(reasons.get(first)).toMatchObject({ code: "request_timeout" });
    expect(reasons.get(second)).toMatchObject({ sqlstate: "42501" });
    expect(await releases()).toEqual({ older: 2, [sqlSet("project").release]: 18 });

    await holder.end();
    const [row] = await database.query<{ owner: string }>(
      `select nspowner::regrole::text as owner from pg_namespace where nspname = '${second}'`,
    );
    await database.query(`${changed} owner to ${row?.owner}`);
    await database.query(`drop role ${stranger}`);
    const again = await upgradeProjects(admin);
    expect([again.upgraded, again.current.length, again.failed]).toEqual([[first, second], 18, []]);
  });

  it("waits for a lock that is soon free", async () => {
    const holder = await database.connect("postgres");
    await holder.query(`begin; lock table ${first}.migrations in access exclusive mode`);
    const upgrade = upgradeProjects(admin, { ids: [first], lockTimeout: 100 });
    const blocked = `select count(*)::int as n from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database()`;
    for (let waiting = 0; waiting === 0; ) {
      waiting = (await database.query<{ n: number }>(blocked))[0]?.n ?? 0;
    }
    await holder.query("rollback");
    await holder.end();
    expect(await upgrade).toMatchObject({ upgraded: [first], failed: [] });
  });

  it("that is cut off leaves each project whole, old or new, and goes on from there (case 148)", async () => {
    const before = await rights();
    let finished = 0;
    const endConnections = () =>
      database.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [
        database.adminRole,
      ]);
    const cut = connectPostgres({ url: database.adminUrl, connections: 2 });
    const report = await upgradeProjects(cut, {
      concurrency: 2,
      progress: (_, work) =>
        work(() => {
          finished += 1;
          if (finished === 5) void endConnections();
        }),
    });
    await cut.close();
    expect(report.upgraded.length + report.failed.length).toBe(20);
    expect(report.failed.length).toBeGreaterThan(0);
    expect(await rights()).toEqual(before);
    const { older = 0 } = await releases();
    // One that was cut off between its commit and the answer is told as failed, and is done.
    const failed = report.failed.map(({ id }) => id);
    expect(older).toBeLessThanOrEqual(failed.length);
    const rest = await upgradeProjects(admin);
    expect(rest.upgraded).toHaveLength(older);
    expect(failed).toEqual(expect.arrayContaining([...rest.upgraded]));
    expect(rest.failed).toEqual([]);
  });

  it("takes those that were named, and says which are not there", async () => {
    const report = await upgradeProjects(admin, { ids: [first, third, "proj_absent"] });
    expect(report.upgraded).toEqual([first, third]);
    expect(report.failed).toMatchObject([
      { id: "proj_absent", error: { code: "project_not_found" } },
    ]);
    expect(await releases()).toMatchObject({ older: 18 });
  });
});

describe("a plan of an upgrade", () => {
  it("says what would be done, the shared schema included, and does nothing", async () => {
    await upgradeProjects(admin, { ids: [third] });
    const plan = await planUpgrade(admin);
    expect(plan).toEqual({
      shared: false,
      behind: ids.filter((id) => id !== third),
      current: [third],
      missing: [],
    });
    await database.query("alter function miosa_auth.find_project(text) security invoker");
    expect(await planUpgrade(admin, [first, "proj_absent"])).toEqual({
      shared: true,
      behind: [first],
      current: [],
      missing: ["proj_absent"],
    });
    expect((await releases()).older).toBe(19);
    expect(await upgradeProjects(admin, { ids: [] })).toMatchObject({ shared: true });
    expect(await planUpgrade(admin, [])).toMatchObject({ shared: false });
  });

  it("is refused for a database that holds no projects", async () => {
    const empty = await service.engine.createDatabase();
    const connection = connectPostgres({ url: empty.adminUrl });
    const refusal = { code: "validation_failed" };
    await expect(planUpgrade(connection)).rejects.toMatchObject(refusal);
    await expect(upgradeProjects(connection)).rejects.toMatchObject(refusal);
    await connection.close();
  });
});
