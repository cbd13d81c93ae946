import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { grantHelpers } from "../../src/projects/grants.ts";
import { requireProject } from "../../src/projects/registry.ts";
import { emptyOutbox, queuedRows, queueMails } from "../support/delivery.ts";
import { named } from "../support/own_names.ts";
import { createTestProject, inTransaction, type TestProject } from "../support/project.ts";

let mine: TestProject;
let theirs: TestProject;
let myOwner: string;
let theirOwner: string;

beforeAll(async () => {
  [mine, theirs] = [await createTestProject(), await createTestProject()];
  await mine.signUp();
  await theirs.signUp();
  const { admin } = mine.service;
  myOwner = (await requireProject(admin, mine.id)).owner_role;
  theirOwner = (await requireProject(admin, theirs.id)).owner_role;
});

/** The SQLSTATE that a statement ends with for a role, or how many rows it gives. */
async function outcome(role: string, sql: string): Promise<string | number> {
  try {
    return await inTransaction(mine.service, async (query) => {
      await query(`set local role "${role}"`);
      const rows = await query(sql);
      return rows.length;
    });
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

const denied = "42501";

describe("the owner of one project's schema", () => {
  it("does in its own what it is denied in another project's (case 124)", async () => {
    const tables = await theirs.sql<{ name: string }>(
      `select relname as name from pg_class
       where relnamespace = current_schema()::regnamespace and relkind in ('r', 'S')`,
    );
    const functions = await mine.service.engine.query<{ call: string }>(
      `select p.oid::regproc || '(' || array_to_string(array(
         select 'null::' || format_type(t, null) from unnest(p.proargtypes) t), ', ') || ')' as call
       from pg_proc p where p.pronamespace = $1::regnamespace and p.prokind = 'f'`,
      [theirs.id],
    );
    expect(tables.length).toBeGreaterThan(10);
    expect(functions.length).toBeGreaterThan(30);
    for (const { name } of tables) {
      const select = (id: string) => `select * from ${id}.${name}`;
      expect([name, await outcome(myOwner, select(theirs.id))]).toEqual([name, denied]);
      expect(await outcome(myOwner, select(mine.id))).toEqual(expect.any(Number));
    }
    for (const { call } of functions) {
      expect([call, await outcome(myOwner, `select ${call}`)]).toEqual([call, denied]);
    }
  });

  it("neither changes nor takes over another project's schema (case 124)", async () => {
    for (const sql of [
      `create table ${theirs.id}.mine (id int)`,
      `create function ${theirs.id}.uid(text) returns uuid language sql as 'select null::uuid'`,
      `create or replace function ${theirs.id}.uid() returns uuid language sql as 'select null::uuid'`,
      `insert into ${theirs.id}.users (email) values ('a@b.test')`,
      `delete from ${theirs.id}.users`,
      `truncate ${theirs.id}.users`,
      `alter table ${theirs.id}.users disable row level security`,
      `drop schema ${theirs.id} cascade`,
      `alter schema ${theirs.id} rename to mine_now`,
      `grant usage on schema ${theirs.id} to "${myOwner}"`,
      `comment on schema ${theirs.id} is 'mine'`,
      `grant "${theirOwner}" to "${myOwner}"`,
      `create role mine_too`,
      `create schema mine_too`,
      `lock table ${theirs.id}.users`,
    ]) {
      expect([sql, await outcome(myOwner, sql)]).toEqual([sql, denied]);
    }
    for (const role of [theirOwner, "miosa_auth_admin", "miosa_auth_runtime"]) {
      const [row] = await mine.service.engine.query(
        "select pg_has_role($1, $2, 'member') as member",
        [myOwner, role],
      );
      expect({ role, ...row }).toEqual({ role, member: false });
    }
  });

  it("reads nothing of the registry, and queues mail in no other name (case 124)", async () => {
    await emptyOutbox(mine.service);
    const mail = "purpose, recipient, payload) values";
    const row = "'reset', 'a@b.test', '\\x00'";
    for (const [sql, expected] of [
      ["select * from miosa_auth.projects", denied],
      ["select * from miosa_auth.installation", denied],
      ["select * from miosa_auth.outbox", denied],
      [`select miosa_auth.find_project('${theirs.id}')`, denied],
      ["select miosa_auth.list_projects()", denied],
      [`select miosa_auth.forget_project('${theirs.id}')`, denied],
      [`insert into miosa_auth.outbox (project_id, ${mail} ('${theirs.id}', ${row})`, "23503"],
      [
        `insert into miosa_auth.outbox (project_id, owner_role, ${mail} ('${theirs.id}', '${theirOwner}', ${row})`,
        denied,
      ],
      ["update miosa_auth.outbox set recipient = 'a@b.test'", denied],
      ["select payload from miosa_auth.outbox", denied],
      ["select data from miosa_auth.outbox", denied],
      ["select lease from miosa_auth.outbox", denied],
      ["delete from miosa_auth.outbox where payload = ''", denied],
      ["delete from miosa_auth.outbox returning payload", denied],
      ["select miosa_auth.claim_mail(1, 90)", denied],
      ["select miosa_auth.settle_mail(1, gen_random_uuid())", denied],
      ["select miosa_auth.prune_mail(1)", denied],
      ["select miosa_auth.bounce_mail(1, gen_random_uuid(), 'x')", denied],
      ["select miosa_auth.suppress_address('x', 'a@b.test', 'manual')", denied],
      ["select suppressed_at from miosa_auth.suppressed_addresses", denied],
      ["update miosa_auth.suppressed_addresses set reason = 'bounce'", denied],
      ["select miosa_auth.list_mail(null, null, 10)", denied],
      ["select miosa_auth.retry_mail(null, null)", denied],
    ] as const) {
      expect([sql, await outcome(myOwner, sql)]).toEqual([sql, expected]);
    }
    const own = `insert into miosa_auth.outbox (project_id, ${mail} ('${mine.id}', ${row})`;
    expect(await outcome(myOwner, own)).toBe(0);
    const { engine } = mine.service;
    await queueMails(theirs, 2);
    const all = "from miosa_auth.outbox";
    expect(await outcome(myOwner, `select project_id, purpose, recipient, user_id ${all}`)).toBe(1);
    expect(await outcome(myOwner, `delete ${all} where project_id = '${theirs.id}'`)).toBe(0);
    // A function that fails when it meets another's row is met by none.
    const probe = `select 1 / (project_id <> '${theirs.id}')::int ${all}`;
    expect(await outcome(myOwner, probe)).toBe(1);
    expect(await queuedRows(theirs)).toHaveLength(2);
    expect(
      await engine.query(
        "select project_id, owner_role from miosa_auth.outbox where project_id = any ($1)",
        [[mine.id, theirs.id]],
      ),
    ).toEqual(
      expect.arrayContaining([
        { project_id: mine.id, owner_role: myOwner },
        { project_id: theirs.id, owner_role: theirOwner },
      ]),
    );
    expect(await outcome(myOwner, `delete ${all}`)).toBe(0);
    expect([await queuedRows(mine), (await queuedRows(theirs)).length]).toEqual([[], 2]);
  });

  it("finds no secret in what every role may read of the catalogue (case 124)", async () => {
    const { masterKey } = theirs.service;
    const rows = await theirs.sql<{ secret: string }>(`
      select encode(inner_pad, 'hex') as secret from database_keys
      union all select encode(sealed, 'hex') from jwt_keys
      union all select kid from jwt_keys
      union all select email from users`);
    const secrets = [theirs.jwtSecret, masterKey, ...rows.map(({ secret }) => secret)];
    const catalogue = await inTransaction(mine.service, async (query) => {
      await query(`set local role "${myOwner}"`);
      return query<{ text: string | null }>(`
        select prosrc as text from pg_proc
        union all select pg_get_functiondef(oid) from pg_proc
          where pronamespace = '${theirs.id}'::regnamespace and prokind = 'f'
        union all select description from pg_description
        union all select pg_get_expr(adbin, adrelid) from pg_attrdef
        union all select pg_get_constraintdef(oid) from pg_constraint
        union all select setconfig::text from pg_db_role_setting
        union all select query from pg_stat_activity
        union all select most_common_vals::text from pg_stats
        union all select lomacl::text from pg_largeobject_metadata`);
    });
    expect(catalogue.length).toBeGreaterThan(3_000);
    const text = catalogue.map((row) => row.text).join("\n");
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

describe("what all roles of a database share", () => {
  it("is used by no function: no channel, large object or lock of its own choice (case 124)", async () => {
    const { engine } = mine.service;
    const bodies = await engine.query<{ name: string; body: string }>(
      `select oid::regproc::text as name, prosrc as body from pg_proc
       where pronamespace in ('miosa_auth'::regnamespace, $1::regnamespace)`,
      [theirs.id],
    );
    expect(bodies.length).toBeGreaterThan(100);
    const shared = /\b(notify|listen|lo_\w+|pg_\w*advisory\w*|temp(orary)? table)\b/i;
    expect(bodies.filter(({ body }) => shared.test(body)).map(({ name }) => name)).toEqual([]);
    expect(await engine.query("select oid from pg_largeobject_metadata")).toEqual([]);
  });

  it("does not hold up a request, whoever takes the lock of an administrator's command (case 124)", async () => {
    const { access_token: token } = await theirs.signUp();
    await inTransaction(mine.service, async (query) => {
      await query(`set local role "${myOwner}"`);
      const key = (text: string) =>
        query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [text]);
      await key("miosa_auth");
      await key(`miosa_auth/${theirs.id}`);
      if (mine.service.engine.kind === "embedded") return;
      expect((await theirs.request("/user", { token })).status).toBe(200);
      expect((await theirs.signUp()).user.role).toBe("authenticated");
    });
  });
});

describe("an application's role that was granted one project", () => {
  it("has that project's helpers, and nothing of another's (case 124)", async () => {
    const app = `app_${randomBytes(6).toString("hex")}`;
    const { engine, admin } = mine.service;
    await engine.query(`create role ${app} nologin`);
    await grantHelpers(admin, mine.id, app);
    for (const helper of ["uid", "claims", "role", "verified_uid", "live_uid"]) {
      expect(await outcome(app, `select ${mine.id}.${helper}()`)).toBe(1);
      expect(await outcome(app, `select ${theirs.id}.${helper}()`)).toBe(denied);
    }
    for (const sql of [
      `select * from ${mine.id}.users`,
      `select ${mine.id}.configuration()`,
      `select ${mine.id}.logout(null, null, 'global', null)`,
      `select ${mine.id}.verified_identity()`,
      `select ${mine.id}.db_mac(gen_random_uuid(), gen_random_uuid(), 'x', 'aal1', 1)`,
      `select * from ${mine.id}.database_keys`,
      `create table ${mine.id}.mine (id int)`,
      `select * from ${theirs.id}.users`,
      "select miosa_auth.find_project('x')",
      "insert into miosa_auth.outbox (project_id, purpose, recipient, payload) values ('x', 'x', 'x', '')",
    ]) {
      expect([sql, await outcome(app, named(sql, mine.id))]).toEqual([sql, denied]);
    }
    await engine.query(`drop owned by ${app}`);
    await engine.query(`drop role ${app}`);
  });
});
