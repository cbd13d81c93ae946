import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { grantHelpers } from "../../src/projects/grants.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { requireProject } from "../../src/projects/registry.ts";
import { catalogueFunctions, catalogueTables } from "../support/catalogue.ts";
import type { PostgresDatabase, PostgresEngine } from "../support/engine.ts";
import { named } from "../support/own_names.ts";
import { findPostgres } from "../support/postgres_binaries.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";
import { freshServer } from "../support/signing_keys.ts";

async function server(): Promise<PostgresEngine> {
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  return engine;
}

/** Enters a schema that is there already into the registry, as an administrator does in psql. */
async function register(database: PostgresDatabase, id: string, owner: string, release: string) {
  const client = await database.connect();
  await client.query("begin; set local role miosa_auth_admin");
  await client.query("set local search_path = miosa_auth, pg_temp");
  await client.query("select register_project($1, $2, $3)", [id, owner, release]);
  await client.query("commit");
  await client.end();
}

describe("a schema that the registry does not know", () => {
  it("is not served and not overwritten, and is whole again once it is entered (case 129)", async () => {
    const engine = await server();
    const project = await createTestProject();
    const { admin, keyring } = project.service;
    const { access_token: token, refresh_token } = await project.signUp();
    const { owner_role: owner, release } = await requireProject(admin, project.id);
    await engine.query("delete from miosa_auth.projects where id = $1", [project.id]);

    const without = await freshServer();
    const refused = await project.request("/user", { token, auth: without });
    expect(refused).toMatchObject({ status: 404, body: { error_code: "project_not_found" } });
    await expect(createProject(admin, { id: project.id, keyring })).rejects.toMatchObject({
      code: "validation_failed",
    });
    await register(engine, project.id, owner, release);

    const again = await freshServer();
    expect((await project.request("/user", { token, auth: again })).status).toBe(200);
    expect((await project.post("/refresh", { refresh_token }, { auth: again })).status).toBe(200);
    for (const auth of [without, again]) await auth.close();
  });
});

// Client programs come with Debian's packages, not with those of npm.
const choice = inject("engine");
const bin = choice.kind === "postgres" ? findPostgres(choice.major)?.bin : undefined;
const hasClientPrograms = bin !== undefined && existsSync(path.join(bin, "pg_dump"));

/** Copies one schema to another database, dumped by a temporary member of its owner. */
async function dumpAndRestore(id: string, owner: string, target: PostgresDatabase) {
  const engine = await server();
  const member = `dumper_${randomBytes(4).toString("hex")}`;
  await engine.query(`create role ${member} login`);
  await engine.query(`grant "${owner}" to ${member}`);
  const options = ["-n", id, "--no-unlogged-table-data", "-d", engine.url(member)];
  const { stdout: dump } = await run("pg_dump", options);
  await engine.query(`drop role ${member}`);

  const file = ["-v", "ON_ERROR_STOP=1", "-X", "-q", "-d", target.superUrl];
  const restore = run("psql", file);
  restore.child.stdin?.end(dump);
  await restore;
  return dump;
}

function run(program: string, args: string[]) {
  const maxBuffer = 64 * 1024 * 1024;
  return promisify(execFile)(path.join(bin ?? "", program), args, { maxBuffer });
}

/** What must be the same in both databases: all of the schema, its rights, its lasting rows. */
async function picture(database: Pick<PostgresDatabase, "query">, project: TestProject) {
  const tables = await catalogueTables(database, project.id);
  const rows = await Promise.all(
    tables
      .filter(({ kind, name }) => kind === "table" && !/attempts|rates/.test(name))
      .map(({ name }) =>
        database.query(`select to_jsonb(t)::text as row from ${project.id}.${name} t order by 1`),
      ),
  );
  return { functions: await catalogueFunctions(database, project.id), tables, rows };
}

if (hasClientPrograms) {
  describe("a schema that was dumped and restored into another database", () => {
    it("has its rights, settings, rows and sessions, and serves once it is entered (case 129)", async () => {
      const engine = await server();
      const project = await createTestProject({ name: "Moving" });
      const { admin, masterKey, publicUrl, runtimeRole } = project.service;
      const session = await project.signUp();
      const app = `app_${randomBytes(4).toString("hex")}`;
      await engine.query(`create role ${app} nologin`);
      await grantHelpers(admin, project.id, app);
      const { owner_role: owner, release } = await requireProject(admin, project.id);

      const target = await engine.createDatabase();
      const newAdmin = connectPostgres({ url: target.adminUrl });
      await prepareDatabase(newAdmin, { runtimeRole });
      const dump = await dumpAndRestore(project.id, owner, target);
      expect(dump).not.toContain(project.jwtSecret);
      expect(dump).not.toContain(session.refresh_token);
      expect(await picture(target, project)).toEqual(await picture(engine, project));
      const [right] = await target.query(
        "select has_function_privilege($1, $2, 'execute') as helper, has_function_privilege($1, $3, 'execute') as more",
        [app, `${project.id}.uid()`, named(`${project.id}.configuration()`, project.id)],
      );
      expect(right).toEqual({ helper: true, more: false });

      await register(target, project.id, owner, release);
      const runtime = connectPostgres({ url: target.url(runtimeRole) });
      const auth = createAuth({ database: runtime, masterKey, publicUrl });
      const { access_token: token, refresh_token, user } = session;
      expect((await project.request("/user", { token, auth })).body).toEqual(user);
      expect((await project.post("/refresh", { refresh_token }, { auth })).status).toBe(200);
      const { email } = user;
      const signIn = await project.post("/token", { email, password: goodPassword }, { auth });
      expect(signIn.status).toBe(200);
      const fresh = { email: "new@example.com", password: goodPassword };
      expect((await project.post("/signup", fresh, { auth })).status).toBe(200);

      const client = await target.connect("postgres");
      await client.query("begin");
      await client.query("select set_config('jwt.token', $1, true)", [token]);
      const { rows } = await client.query(`select ${project.id}.verified_uid() as id`);
      expect(rows).toEqual([{ id: user.id }]);
      await client.end();
      await auth.close();
      await runtime.close();
      await newAdmin.close();
    });
  });
}
