import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { readCustomClaims, removeCustomClaims } from "../../src/projects/custom_claims.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { examineDatabase } from "../../src/projects/doctor/doctor.ts";
import { grantHelpers, revokeHelpers } from "../../src/projects/grants.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { listProviders, removeProvider, setProvider } from "../../src/projects/providers.ts";
import { activateNextSecret, publishNextSecret } from "../../src/projects/rotate_secret.ts";
import { changeSettings, readSettings } from "../../src/projects/settings.ts";
import { resumeProject, suspendProject } from "../../src/projects/state.ts";
import { removeUserTrigger } from "../../src/projects/triggers.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { createUser } from "../../src/users/create.ts";
import { listUsers } from "../../src/users/list.ts";
import { banUser, deleteUser, unbanUser } from "../../src/users/manage.ts";
import { pruneAnonymousUsers } from "../../src/users/prune.ts";
import { signOutUsers } from "../../src/users/sign_out.ts";
import type { PostgresDatabase } from "../support/engine.ts";
import { named } from "../support/own_names.ts";
import { openService } from "../support/service.ts";

const ada = "ada@example.com";

let database: PostgresDatabase;
let admin: Database;
let owner: string;

beforeEach(async () => {
  const { engine, keyring } = await openService();
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  database = await engine.createDatabase();
  // One connection: what a command leaves in its session meets the next.
  admin = connectPostgres({ url: database.adminUrl, connections: 1 });
  await prepareDatabase(admin);
  for (const id of ["proj_hostile", "proj_victim"]) {
    await createProject(admin, { id, keyring });
    await createUser(admin, id, { email: ada });
  }
  owner = await ownerOf("proj_hostile");
  await arm();
});

afterEach(() => admin.close());

async function ownerOf(schema: string): Promise<string> {
  const [row] = await database.query<{ name: string }>(
    "select nspowner::regrole::text as name from pg_namespace where nspname = $1",
    [schema],
  );
  return row?.name ?? "";
}

/** Runs a script as whoever has become the owner of the project. */
async function asHostileOwner(script: string): Promise<void> {
  const client = await database.connect("postgres");
  try {
    await client.query(
      `set role ${owner}; set search_path = proj_hostile, pg_temp; ${named(script, "proj_hostile")}`,
    );
  } finally {
    await client.end();
  }
}

// Counted in sequences, which a rehearsal that is rolled back does not undo.
async function arm(): Promise<void> {
  const victim = await ownerOf("proj_victim");
  await database.query(`
    create sequence public.attempts; create sequence public.escapes;
    grant usage on sequence public.attempts, public.escapes to public;`);
  await asHostileOwner(`
    create function try_role(p_statement text) returns void language plpgsql as $$
    begin
      execute p_statement;
      if current_user <> '${owner}' then perform nextval('public.escapes'); end if;
    exception when others then null;
    end $$;
    create function attack() returns void language plpgsql as $$
    begin
      perform nextval('public.attempts');
      if current_user <> '${owner}' then perform nextval('public.escapes'); end if;
      perform proj_hostile.try_role(statement) from unnest(array[
        'reset role', 'set role miosa_auth_admin', 'set local role none',
        'set session authorization default', 'select set_config(''role'', ''none'', false)'
      ]) as statement;
      begin
        grant ${victim} to ${owner};
        perform nextval('public.escapes');
      exception when others then null;
      end;
      begin
        perform from proj_victim.users;
        perform nextval('public.escapes');
      exception when others then null;
      end;
    end $$;
    create function attack_row() returns trigger language plpgsql as $$
    begin
      perform proj_hostile.attack();
      return coalesce(new, old);
    end $$;`);
}

async function count(sequence: "attempts" | "escapes"): Promise<number> {
  const [row] = await database.query<{ n: string }>(
    `select case when is_called then last_value else 0 end as n from public.${sequence}`,
  );
  return Number(row?.n);
}

const google = { kind: "google", clientId: "shop", clientSecret: "a secret" };

type Command = readonly [name: string, run: () => Promise<unknown>];

async function commands(): Promise<readonly Command[]> {
  const { keyring } = await openService();
  const role = `app_${randomBytes(4).toString("hex")}`;
  await database.query(`create role ${role}`);
  const id = "proj_hostile";
  return [
    ["project set", () => changeSettings(admin, id, { name: `${Math.random()}` })],
    ["project settings", () => readSettings(admin, id)],
    ["users list", () => listUsers(admin, id)],
    ["users ban", () => banUser(admin, id, ada, 60)],
    ["users unban", () => unbanUser(admin, id, ada)],
    ["rotate-secret", () => publishNextSecret(admin, id, { keyring })],
    ["rotate-secret --activate", () => activateNextSecret(admin, id, { keyring })],
    ["project grant", () => grantHelpers(admin, id, role)],
    ["project revoke", () => revokeHelpers(admin, id, role)],
    ["provider add", () => setProvider(admin, id, google, keyring)],
    ["provider list", () => listProviders(admin, id)],
    ["provider remove", () => removeProvider(admin, id, "google")],
    ["project claims", () => readCustomClaims(admin, id)],
    ["project claims --remove", () => removeCustomClaims(admin, id)],
    ["project sign-out", () => signOutUsers(admin, id)],
    ["users prune", () => pruneAnonymousUsers(admin, id, { olderThan: 86_400 })],
    ["project trigger --remove", () => removeUserTrigger(admin, id, "signup")],
    ["project suspend", () => suspendProject(admin, id)],
    ["project resume", () => resumeProject(admin, id)],
    ["doctor", () => examineDatabase(admin, { projectId: id, keyring })],
    ["migrate --again", () => upgradeProject(admin, id, { again: true })],
    ["users delete", () => deleteUser(admin, id, ada)],
  ];
}

/** Runs every command; returns those in which the planted code ran, and those that failed. */
async function administrate(): Promise<{ reached: string[]; failed: string[] }> {
  const reached: string[] = [];
  const failed: string[] = [];
  for (const [name, run] of await commands()) {
    const before = await count("attempts");
    await run().catch(() => failed.push(name));
    if ((await count("attempts")) > before) reached.push(name);
  }
  return { reached, failed };
}

describe("code of a project's owner that an administrator's command runs", () => {
  it("stays the owner in a trigger, and the command does its work", async () => {
    await asHostileOwner(`
      create trigger hostile after insert or update or delete on settings
        for each row execute function attack_row();
      create trigger hostile after insert or update or delete on users
        for each row execute function attack_row();
      create trigger hostile after insert on audit_log for each row execute function attack_row();`);
    const { reached, failed } = await administrate();
    expect(failed).toEqual([]);
    expect(reached).toEqual([
      "project set",
      "users ban",
      "users unban",
      "rotate-secret",
      "rotate-secret --activate",
      "provider add",
      "provider remove",
      "project claims --remove",
      "project sign-out",
      "project suspend",
      "project resume",
      "users delete",
    ]);
    expect(await count("escapes")).toBe(0);
  });

  it("stays the owner in a function that took a command's place", async () => {
    const replace = (signature: string) =>
      `create or replace function ${signature} returns jsonb language plpgsql security invoker as
        $$ begin perform proj_hostile.attack(); return '{"outcome": null, "user": {}, "users": []}'; end $$;`;
    await asHostileOwner(`
      ${replace("read_settings()")}
      ${replace("change_settings(p_changes jsonb)")}
      ${replace("configuration()")}
      ${replace("list_providers()")}
      ${replace("delete_anonymous_users(p_age interval, p_limit integer, p_after jsonb)")}
      ${replace("sign_out_users(p_limit integer, p_after uuid)")}
      ${replace("admin_ban_user(p_who text, p_seconds bigint)")}
      alter function admin_ban_user(text, bigint) reset all;`);
    const { reached } = await administrate();
    expect(reached).toEqual(
      expect.arrayContaining([
        "project set",
        "project settings",
        "users ban",
        "rotate-secret",
        "provider list",
        "project claims",
        "users prune",
        "project sign-out",
      ]),
    );
    expect(await count("escapes")).toBe(0);
  });

  it("stays the owner in an operator, a cast, a default and a better fit for a catalogue's function", async () => {
    await asHostileOwner(`
      create function joined(name, name) returns text language plpgsql as
        $$ begin perform proj_hostile.attack(); return $1::text operator(pg_catalog.||) $2::text; end $$;
      create operator || (leftarg = name, rightarg = name, function = joined);
      create function hashtextextended(text, int) returns bigint language plpgsql as
        $$ begin perform proj_hostile.attack(); return 1; end $$;
      create function stamp() returns text language plpgsql as
        $$ begin perform proj_hostile.attack(); return ''; end $$;
      alter table audit_log add hostile text;
      alter table audit_log alter hostile set default stamp();`);
    const { reached, failed } = await administrate();
    expect(failed).toEqual([]);
    expect(reached).toEqual(expect.arrayContaining(["migrate --again", "users ban"]));
    expect(await count("escapes")).toBe(0);
  });

  it("stays the owner in a policy and in a view that took a table's place", async () => {
    await asHostileOwner(`
      create function sees() returns boolean language plpgsql as
        $$ begin perform proj_hostile.attack(); return true; end $$;
      create policy hostile on settings using (sees());
      alter table settings enable row level security;
      alter table settings force row level security;
      alter table jwt_keys rename to keys_of_before;
      create view jwt_keys as select * from keys_of_before where sees();`);
    const { reached } = await administrate();
    expect(reached).toEqual(expect.arrayContaining(["project settings", "doctor"]));
    expect(await count("escapes")).toBe(0);
  });

  it("runs within its statement when it was deferred, and is refused when it defers itself again", async () => {
    await asHostileOwner(`
      create constraint trigger hostile after insert on audit_log
        deferrable initially deferred for each row execute function attack_row();`);
    const deferred = await administrate();
    expect(deferred).toMatchObject({ failed: [], reached: expect.arrayContaining(["users ban"]) });
    expect(await count("escapes")).toBe(0);

    await asHostileOwner(`
      create table echo (n int);
      create function again() returns trigger language plpgsql as $$
      begin
        perform proj_hostile.attack();
        set constraints all deferred;
        insert into proj_hostile.echo select count(*) + 1 from proj_hostile.echo having count(*) < 5;
        return null;
      end $$;
      create constraint trigger hostile after insert on echo
        deferrable initially deferred for each row execute function again();
      create constraint trigger hostile_again after insert on audit_log
        deferrable initially deferred for each row execute function again();`);
    const again = await administrate();
    expect(again.failed).toEqual(expect.arrayContaining(["project set"]));
    expect(again.reached).toEqual(expect.arrayContaining(["project set"]));
    expect(await count("escapes")).toBe(0);
  });

  it("leaves nothing in the session that a command on another project would meet", async () => {
    await asHostileOwner(`
      create function try_to_stay(p_statement text) returns void language plpgsql as
        $$ begin execute p_statement; exception when others then null; end $$;
      create function stay() returns trigger language plpgsql as $$
      begin
        perform proj_hostile.attack();
        perform proj_hostile.try_to_stay(statement) from unnest(array[
          'select set_config(''search_path'', ''proj_hostile, pg_catalog'', false)',
          'select set_config(''session_characteristics.x'', ''y'', false)',
          'set session characteristics as transaction read only',
          'set row_security = off', 'set check_function_bodies = off',
          'create temporary table projects (id text)',
          'prepare stays as select 1', 'listen stays',
          'declare stays cursor with hold for select proj_hostile.attack()'
        ]) as statement;
        return null;
      end $$;
      create trigger hostile after insert on audit_log for each row execute function stay();`);
    await changeSettings(admin, "proj_hostile", { name: "Changed" });
    expect(await count("attempts")).toBe(1);
    const [left] = await admin.transaction((tx) =>
      tx.query(`
        select current_user = session_user as own, current_setting('search_path') as path,
          current_setting('session_characteristics.x', true) as made,
          current_setting('default_transaction_read_only') as read_only,
          current_setting('row_security') as row_security,
          current_setting('check_function_bodies') as bodies,
          (select count(*)::int from pg_class where pg_my_temp_schema() = relnamespace) as tables,
          (select count(*)::int from pg_proc where pg_my_temp_schema() = pronamespace) as functions,
          (select count(*)::int from pg_prepared_statements) as prepared,
          (select count(*)::int from pg_cursors where is_holdable) as cursors,
          array(select pg_listening_channels()) as channels`),
    );
    expect({ ...left, made: left?.made || null }).toEqual({
      own: true,
      path: '"$user", public',
      made: null,
      read_only: "off",
      row_security: "on",
      bodies: "on",
      tables: 0,
      functions: 0,
      prepared: 0,
      cursors: 0,
      channels: [],
    });
    expect((await listUsers(admin, "proj_victim")).users).toHaveLength(1);
    expect(await count("escapes")).toBe(0);
  });

  it("cannot leave a type or a function among the session's temporary ones", async () => {
    await asHostileOwner(`
      create function shadow() returns trigger language plpgsql as $$
      begin
        create domain pg_temp.text as pg_catalog.text;
        alter domain pg_temp.text owner to miosa_auth_project;
        create function pg_temp.version() returns pg_catalog.text language sql return '';
        return null;
      end $$;
      create trigger hostile after insert on audit_log for each row execute function shadow();`);
    await expect(changeSettings(admin, "proj_hostile", { name: "Changed" })).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining("temporary objects"),
    });
    const temporary = `select classid::regclass from pg_depend
      where refclassid = 'pg_namespace'::regclass and refobjid = pg_my_temp_schema()`;
    expect(await admin.transaction((tx) => tx.query(temporary))).toEqual([]);
  });

  it("cannot swap what an administrator reads an answer from, and does not hinder the deletion", async () => {
    await asHostileOwner(`
      create function swap() returns trigger language plpgsql as $$
      declare v_home text;
      begin
        select relnamespace::regnamespace into strict v_home from pg_class
          where relname = 'filled' and relkind = 'm';
        perform proj_hostile.attack();
        perform nextval('public.attempts');
        execute format('alter materialized view %s.filled rename to moved', v_home);
        execute format('create view %s.filled as select proj_hostile.attack()', v_home);
        return null;
      end $$;
      create trigger hostile after insert on audit_log for each row execute function swap();`);
    await expect(changeSettings(admin, "proj_hostile", { name: "Changed" })).rejects.toThrow();
    expect(await count("attempts")).toBe(2);
    expect(await count("escapes")).toBe(0);
    const leftovers = `select nspname from pg_namespace where nspname like 'owner\\_step%'`;
    expect(await database.query(leftovers)).toEqual([]);
    await deleteProject(admin, "proj_hostile");
    expect(await count("escapes")).toBe(0);
  });
});
