import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { readContract } from "../../src/projects/doctor/contract.ts";
import { examineDatabase } from "../../src/projects/doctor/doctor.ts";
import { readEnvironment } from "../../src/projects/environment.ts";
import { installScript } from "../../src/projects/install_script.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { listProjects } from "../../src/projects/registry.ts";
import { rehearse } from "../../src/projects/rehearse.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import { upgradeProjects } from "../../src/projects/upgrade_projects.ts";
import { type Administrator, createAdministrator } from "../support/administrators.ts";
import { catalogueFunctions, catalogueTables } from "../support/catalogue.ts";
import { plainly } from "../support/own_names.ts";
import { type PostgresServer, startPostgres } from "../support/postgres_server.ts";
import { goodPassword } from "../support/project.ts";

const masterKey = generateMasterKey();
const keyring = parseKeyring(masterKey);
const publicUrl = "http://auth.test";

let server: PostgresServer;
let scripted: Administrator;
let created: Administrator;

beforeAll(async () => {
  const choice = inject("engine");
  const started = choice.kind === "postgres" && (await startPostgres({ major: choice.major }));
  if (!started) throw new Error("this needs a server of its own");
  server = started;
  scripted = await createAdministrator(server);
});
afterAll(async () => {
  await Promise.all([scripted, created].map((admin) => admin?.connection.close()));
  await server.stop();
});

/** As psql sends a file: all of it as one text, in no transaction but its own. */
async function runScript(admin: Administrator, script: string): Promise<void> {
  const url = server.url(admin.database, admin.role);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(script);
    const { rows } = await client.query(
      "select current_user = session_user as own, current_setting('check_function_bodies') as bodies",
    );
    expect(rows).toEqual([{ own: true, bodies: "on" }]);
  } finally {
    await client.end();
  }
}

/** All of a schema, and how its owner stands among the roles; the project's name left out. */
async function picture({ database, query }: Administrator, schema: string): Promise<unknown> {
  const superuser = connectPostgres({ url: server.url(database) });
  const contract = await rehearse(superuser, async (tx) => {
    await tx.script(`set local search_path = ${schema}, pg_temp`);
    return readContract(tx, schema);
  });
  await superuser.close();
  const named = { query: (sql: string, params: unknown[] = []) => query(sql, params) };
  const functions = await catalogueFunctions(named as never, schema);
  const tables = await catalogueTables(named as never, schema);
  const [owner] = await query(
    `select r.rolcanlogin, r.rolsuper, r.rolcreaterole, r.rolinherit,
       array(select m.member::regrole || ' of ' || m.roleid::regrole from pg_auth_members m
         where r.oid in (m.member, m.roleid) order by 1) as members
     from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = $1`,
    [schema],
  );
  const migrations = await query(`select id, name, hash from ${schema}.migrations order by id`);
  const whole = JSON.stringify([[...contract].sort(), functions, tables, owner, migrations]);
  const [tag] = await query("select tag from miosa_auth.installation");
  return JSON.parse(
    plainly(whole, schema).replaceAll(schema, "<schema>").replaceAll(`${tag?.tag}`, "<tag>"),
  );
}

describe("the install script", () => {
  it("prepares a database of a cluster where nothing is, and can be run again", async () => {
    const script = await installScript();
    expect(script).not.toMatch(/^\\/m);
    await runScript(scripted, script);
    await runScript(scripted, script);
    expect(await listProjects(scripted.connection)).toEqual([]);

    created = await createAdministrator(server);
    await created.query(`grant miosa_auth_admin to ${created.quoted} with admin option`);
    await prepareDatabase(created.connection);
    expect(await picture(scripted, "miosa_auth")).toEqual(await picture(created, "miosa_auth"));
    const groups = await scripted.query(
      `select rolname, rolcanlogin, rolcreaterole, rolsuper from pg_roles
       where rolname like 'miosa_auth_%' order by rolname`,
    );
    const group = { rolcanlogin: false, rolcreaterole: false, rolsuper: false };
    expect(groups).toEqual([
      { ...group, rolname: "miosa_auth_admin", rolcreaterole: true },
      { ...group, rolname: "miosa_auth_project" },
      { ...group, rolname: "miosa_auth_runtime" },
    ]);
  });

  it("leaves a database alone that a command prepared", async () => {
    const before = await picture(created, "miosa_auth");
    await runScript(created, await installScript());
    expect(await picture(created, "miosa_auth")).toEqual(before);
  });

  it("makes the very project that `project create` makes", async () => {
    await runScript(scripted, await installScript({ id: "proj_scripted", keyring }));
    await createProject(scripted.connection, { id: "proj_created", keyring });
    expect(await picture(scripted, "proj_scripted")).toEqual(
      await picture(scripted, "proj_created"),
    );
    const findings = await examineDatabase(scripted.connection, { keyring });
    expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
  });

  it("makes a project that is served, upgraded and deleted like any other", async () => {
    const admin = scripted.connection;
    await prepareDatabase(admin, { runtimeRole: "scripted_runtime" });
    const runtime = connectPostgres({ url: server.url(scripted.database, "scripted_runtime") });
    const auth = createAuth({ database: runtime, masterKey, publicUrl });
    const signUp = await auth.fetch(
      new Request(`${publicUrl}/proj_scripted/signup`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ email: "ada@example.com", password: goodPassword }),
      }),
    );
    expect(signUp.status).toBe(200);
    const environment = await readEnvironment(admin, "proj_scripted", keyring, publicUrl);
    expect(environment.AUTH_JWT_SECRET).toMatch(/^[0-9a-f]{64}$/);

    expect(await upgradeProjects(admin, { ids: ["proj_scripted"], again: true })).toMatchObject({
      upgraded: ["proj_scripted"],
      failed: [],
    });
    await deleteProject(admin, "proj_scripted");
    expect((await listProjects(admin)).map(({ id }) => id)).toEqual(["proj_created"]);
    await auth.close();
    await runtime.close();
  });

  it("prepares and creates in one go, holds no secret in the clear, and fails whole the second time", async () => {
    const fresh = await createAdministrator(server);
    await fresh.query(`grant miosa_auth_admin to ${fresh.quoted} with admin option`);
    const script = await installScript({ id: "proj_scripted", keyring });
    await runScript(fresh, script);
    const { AUTH_JWT_SECRET: secret } = await readEnvironment(
      fresh.connection,
      "proj_scripted",
      keyring,
      publicUrl,
    );
    expect(script).not.toContain(secret);
    expect(script).not.toContain(masterKey);
    const before = await picture(fresh, "proj_scripted");
    await expect(runScript(fresh, script)).rejects.toThrow(
      "There is a project or schema proj_scripted already",
    );
    expect(await picture(fresh, "proj_scripted")).toEqual(before);
    await fresh.connection.close();
  });

  it("refuses names that cannot be, and administrators that may not", async () => {
    for (const id of ["Proj-X", "public", "pg_x", "x'; drop schema y; --", "a".repeat(60)]) {
      await expect(installScript({ id, keyring })).rejects.toMatchObject({
        code: "validation_failed",
      });
    }
    const word = await installScript({ id: "user", keyring });
    await expect(runScript(scripted, word)).rejects.toThrow("a word of SQL's own");
    const weak = await createAdministrator(server, { createRole: false });
    await expect(runScript(weak, await installScript())).rejects.toThrow("CREATEROLE");
    const lacking = await createAdministrator(server, { create: "plain" });
    await lacking.query(`grant miosa_auth_admin to ${lacking.quoted}`);
    await expect(runScript(lacking, await installScript())).rejects.toThrow();
    for (const admin of [weak, lacking]) {
      expect(await admin.query("select from pg_namespace where nspname = 'miosa_auth'")).toEqual(
        [],
      );
      await admin.connection.close();
    }
  });
});
