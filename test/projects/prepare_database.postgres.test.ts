import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createProject } from "../../src/projects/create_project.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { ensurePrepared, prepareDatabase } from "../../src/projects/prepare_database.ts";
import { listProjects } from "../../src/projects/registry.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { type Administrator, createAdministrator, type Rights } from "../support/administrators.ts";
import { type PostgresServer, startPostgres } from "../support/postgres_server.ts";

const keyring = parseKeyring(generateMasterKey());

let server: PostgresServer;
const opened: Administrator[] = [];

beforeAll(async () => {
  const choice = inject("engine");
  const started = choice.kind === "postgres" && (await startPostgres({ major: choice.major }));
  if (!started) throw new Error("this needs a server of its own");
  server = started;
});

afterAll(async () => {
  await Promise.all(opened.map(({ connection }) => connection.close()));
  await server.stop();
});

async function administrator(rights: Rights = {}): Promise<Administrator> {
  const made = await createAdministrator(server, rights);
  opened.push(made);
  const groups = await made.query("select from pg_roles where rolname = 'miosa_auth_admin'");
  // What an operator does for every administrator but the first.
  if (rights.createRole !== false && groups.length > 0) {
    await made.query(`grant miosa_auth_admin to ${made.quoted}`);
  }
  return made;
}

describe("preparing a database", () => {
  it("works for many at once, on a cluster where nothing was made and on a new database of it (case 126)", async () => {
    for (let round = 0; round < 4; round += 1) {
      const admin = await administrator();
      const prepared = await Promise.all(
        Array.from({ length: 4 }, () => prepareDatabase(admin.connection)),
      );
      expect(prepared).toEqual(prepared.map(() => ({ administration: "roles", notes: [] })));
      expect(await listProjects(admin.connection)).toEqual([]);
    }
  });

  it("takes LOGIN, CREATEROLE and CREATE with grant option, and leaves the administrator no member of an owner", async () => {
    const admin = await administrator();
    expect(await prepareDatabase(admin.connection)).toEqual({ administration: "roles", notes: [] });
    expect(await prepareDatabase(admin.connection)).toEqual({ administration: "roles", notes: [] });
    expect(await ensurePrepared(admin.connection)).toEqual([]);
    await createProject(admin.connection, { id: "proj_one", keyring });

    const [owner] = await admin.query<{ name: string }>(
      "select nspowner::regrole::text as name from pg_namespace where nspname = 'proj_one'",
    );
    // From 16 on whoever creates a role may grant it, which is no membership that lets it act.
    const kinds = server.major >= 16 ? ["USAGE", "SET"] : ["USAGE", "MEMBER"];
    for (const role of [admin.role, "miosa_auth_admin"]) {
      for (const kind of kinds) {
        const [row] = await admin.query("select pg_has_role($1, $2, $3) as has", [
          role,
          owner?.name,
          kind,
        ]);
        expect({ role, kind, ...row }).toEqual({ role, kind, has: false });
      }
    }
    await deleteProject(admin.connection, "proj_one");
  });

  it.each([
    ["may create but cannot pass it on", "plain"],
    ["may not create", "none"],
  ] as const)("says in one line what to grant to an administrator who %s", async (_, create) => {
    const admin = await administrator({ create });
    const error = await prepareDatabase(admin.connection).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "validation_failed" });
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    const [grant] = /grant create on database .*;$/.exec(message) ?? [];
    expect(grant).toBe(
      `grant create on database "${admin.database}" to ${admin.quoted} with grant option;`,
    );
    expect(await admin.query("select from pg_namespace where nspname = 'miosa_auth'")).toEqual([]);

    await admin.query(grant ?? "");
    expect(await prepareDatabase(admin.connection)).toMatchObject({ administration: "roles" });
  });

  it("lets a second administrator upgrade and delete what the first made", async () => {
    const first = await administrator();
    await prepareDatabase(first.connection);
    for (const id of ["proj_one", "proj_two"])
      await createProject(first.connection, { id, keyring });

    const second = await administrator({ database: first.database });
    await prepareDatabase(second.connection);
    await first.query("update miosa_auth.projects set release = 'older'");
    expect(await upgradeProject(second.connection, "proj_one")).toBe(true);
    await deleteProject(second.connection, "proj_one");
    await createProject(second.connection, { id: "proj_three", keyring });
    await deleteProject(first.connection, "proj_three");
    expect((await listProjects(first.connection)).map(({ id }) => id)).toEqual(["proj_two"]);
  });

  it("tells an administrator who is no member of the group which grant to ask for", async () => {
    await prepareDatabase((await administrator()).connection);
    const stranger = await createAdministrator(server);
    opened.push(stranger);
    const outcome = await prepareDatabase(stranger.connection).catch((thrown: Error) => thrown);
    // Before 16 whoever has CREATEROLE can grant itself the group.
    if (server.major < 16) {
      expect(outcome).toEqual({ administration: "roles", notes: [] });
    } else {
      expect(outcome).toMatchObject({
        code: "validation_failed",
        message: expect.stringMatching(
          new RegExp(`grant miosa_auth_admin to ${stranger.quoted};$`),
        ),
      });
      await stranger.query(`grant miosa_auth_admin to ${stranger.quoted}`);
      expect(await prepareDatabase(stranger.connection)).toMatchObject({ administration: "roles" });
    }
  });
});

describe("the login that a server uses", () => {
  it("is made with limits on statements, locks and idle transactions (case 145)", async () => {
    const admin = await administrator();
    const runtimeRole = `runtime_${randomBytes(4).toString("hex")}`;
    const { notes } = await prepareDatabase(admin.connection, { runtimeRole });
    expect(notes).toEqual([expect.stringContaining(`\\password ${runtimeRole}`)]);
    expect((await prepareDatabase(admin.connection, { runtimeRole })).notes).toEqual([]);

    const client = new pg.Client({ connectionString: server.url(admin.database, runtimeRole) });
    await client.connect();
    const { rows } = await client.query(
      `select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
        current_setting('idle_in_transaction_session_timeout') as idle,
        r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolbypassrls or r.rolreplication as privileged,
        pg_has_role('miosa_auth_runtime', 'usage') as serves, pg_has_role('miosa_auth_admin', 'member') as administers
       from pg_roles r where r.rolname = current_user`,
    );
    await client.end();
    expect(rows).toEqual([
      {
        statement: "10s",
        lock: "5s",
        idle: "10s",
        privileged: false,
        serves: true,
        administers: false,
      },
    ]);
  });

  it("that somebody else made joins the group, and what it lacks is told", async () => {
    const admin = await administrator();
    const runtimeRole = `runtime_${randomBytes(4).toString("hex")}`;
    await admin.query(`create role ${runtimeRole} login`);
    const { notes } = await prepareDatabase(admin.connection, { runtimeRole });
    const [member] = await admin.query(
      "select pg_has_role($1, 'miosa_auth_runtime', 'member') as is",
      [runtimeRole],
    );
    expect(member).toEqual({ is: true });
    // Before 16 whoever has CREATEROLE can alter every role.
    const settings = await admin.query(
      "select setconfig from pg_db_role_setting where setrole = $1::regrole",
      [runtimeRole],
    );
    if (server.major < 16) {
      expect(notes).toEqual([]);
      expect(settings).toHaveLength(1);
    } else {
      expect(notes).toEqual([
        expect.stringContaining(`alter role "${runtimeRole}" set statement_timeout`),
      ]);
      expect(settings).toEqual([]);
    }
  });

  it("may be the administrator's own, with a warning", async () => {
    const admin = await administrator();
    const { notes } = await prepareDatabase(admin.connection, { runtimeRole: admin.role });
    expect(notes).toEqual([expect.stringContaining("more rights than it needs")]);
  });
});
