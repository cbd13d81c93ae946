import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import type { Database } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { adoptProject } from "../../src/projects/adopt_project.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { examineDatabase } from "../../src/projects/doctor/doctor.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { listProjects, requireProject } from "../../src/projects/registry.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import type { PostgresDatabase, PostgresEngine } from "../support/engine.ts";
import { findPostgres } from "../support/postgres_binaries.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";

let engine: PostgresEngine;
let target: PostgresDatabase;
let admin: Database;

beforeAll(async () => {
  const service = await openService();
  if (service.engine.kind !== "postgres") throw new Error("this needs a server");
  engine = service.engine;
  target = await engine.createDatabase();
  admin = connectPostgres({ url: target.adminUrl });
  await prepareDatabase(admin, { runtimeRole: service.runtimeRole });
});
afterAll(() => admin?.close());

async function failures(database: Database, project: TestProject): Promise<unknown[]> {
  const { keyring } = project.service;
  const findings = await examineDatabase(database, { projectId: project.id, keyring });
  return findings.filter(({ status }) => status !== "ok").map(({ message }) => message);
}

/** Sessions go on, sign-ins and sign-ups work, in the database where the project is now. */
async function expectAlive(project: TestProject, session: Session, database = target) {
  const { masterKey, publicUrl, runtimeRole } = project.service;
  const runtime = connectPostgres({ url: database.url(runtimeRole) });
  const auth = createAuth({ database: runtime, masterKey, publicUrl });
  const { access_token: token, refresh_token, user } = session;
  expect((await project.request("/user", { token, auth })).body).toMatchObject({ id: user.id });
  expect((await project.post("/refresh", { refresh_token }, { auth })).status).toBe(200);
  const { email } = user;
  expect((await project.post("/token", { email, password: goodPassword }, { auth })).status).toBe(
    200,
  );
  await auth.close();
  await runtime.close();
}
type Session = Awaited<ReturnType<TestProject["signUp"]>>;

describe("a schema that the registry lost", () => {
  it("is a project again, and adopting it once more changes nothing (case 129)", async () => {
    const project = await createTestProject();
    const { admin, keyring } = project.service;
    const session = await project.signUp();
    const { owner_role } = await requireProject(admin, project.id);
    await engine.query("delete from miosa_auth.projects where id = $1", [project.id]);
    const { id } = project;
    expect(await adoptProject(admin, id, keyring)).toEqual({ id, owner_role, registered: true });
    expect(await adoptProject(admin, id, keyring)).toEqual({ id, owner_role, registered: false });
    await expectAlive(project, session, engine);
    expect((await failures(admin, project)).filter((m) => `${m}`.includes(id))).toEqual([]);
  });

  it("is handed back to its owner, with what is in it, and nothing else of the holder's", async () => {
    const project = await createTestProject();
    const { admin, keyring } = project.service;
    const session = await project.signUp();
    const { owner_role: owner } = await requireProject(admin, project.id);
    await engine.query(`create table mine_${project.id} ()`);
    await engine.query(`reassign owned by "${owner}" to "${engine.adminRole}"`);
    expect(await failures(admin, project)).not.toEqual([]);
    await adoptProject(admin, project.id, keyring);
    const owners = await engine.query(
      `select distinct relowner::regrole::text as owner from pg_class where relnamespace = $1::regnamespace
       union select proowner::regrole::text from pg_proc where pronamespace = $1::regnamespace`,
      [project.id],
    );
    expect(owners).toEqual([{ owner }]);
    const [groups] = await engine.query(
      "select pg_has_role('miosa_auth_admin', $1, 'usage') as member",
      [owner],
    );
    expect(groups).toEqual({ member: false });
    await expectAlive(project, session, engine);
    await deleteProject(admin, project.id);
  });

  it("is refused without its key, when it is of an unknown release, or no project", async () => {
    const project = await createTestProject();
    const { admin, keyring } = project.service;
    const { id } = project;
    await engine.query("delete from miosa_auth.projects where id = $1", [id]);
    const other = parseKeyring(generateMasterKey());
    await expect(adoptProject(admin, id, other)).rejects.toThrow("does not open the secrets");
    await project.sql("insert into migrations (id, name, hash) values (99, 'later', 'x')");
    await expect(adoptProject(admin, id, keyring)).rejects.toThrow("a release that this one");
    await expect(adoptProject(admin, "proj_absent", keyring)).rejects.toThrow("no schema");
    await expect(adoptProject(admin, "public", keyring)).rejects.toThrow("A project id is");
    await engine.query(`create schema proj_plain_${id.slice(5)}`);
    await expect(adoptProject(admin, `proj_plain_${id.slice(5)}`, keyring)).rejects.toThrow(
      "is not a project's",
    );
    await engine.query(`alter schema ${id} owner to postgres`);
    await project.sql("delete from migrations where id = 99");
    await expect(adoptProject(admin, id, keyring)).rejects.toThrow("cannot act for");
    expect((await listProjects(admin)).map((known) => known.id)).not.toContain(id);
  });
});

// Client programs come with Debian's packages, not with those of npm.
const choice = inject("engine");
const bin = choice.kind === "postgres" ? findPostgres(choice.major)?.bin : undefined;
if (bin !== undefined && existsSync(path.join(bin, "pg_dump"))) {
  describe("a schema that was dumped and restored into another database", () => {
    const run = (program: string, args: string[]) =>
      promisify(execFile)(path.join(bin, program), args, { maxBuffer: 64 * 1024 * 1024 });

    it.each([
      ["a superuser, with its owners", [], "superuser"],
      ["the administrator, without owners", ["--no-owner"], "administrator"],
    ])("by %s, is a project there (case 129)", async (_, options, who) => {
      const project = await createTestProject();
      const { keyring } = project.service;
      const session = await project.signUp();
      const dump = ["-n", project.id, "--no-unlogged-table-data", "-d", engine.superUrl];
      const { stdout } = await run("pg_dump", [...dump, ...options]);
      const url = who === "superuser" ? target.superUrl : target.adminUrl;
      const restore = run("psql", ["-v", "ON_ERROR_STOP=1", "-X", "-q", "-d", url]);
      restore.child.stdin?.end(stdout);
      await restore;

      const adopted = await adoptProject(admin, project.id, keyring);
      const old = await requireProject(project.service.admin, project.id);
      expect(adopted.registered).toBe(true);
      expect(adopted.owner_role).not.toBe(old.owner_role);
      expect((await failures(admin, project)).filter((m) => `${m}`.includes(project.id))).toEqual(
        [],
      );
      await expectAlive(project, session);
      expect(await upgradeProject(admin, project.id, { again: true })).toBe(true);
      await deleteProject(admin, project.id);
      await deleteProject(project.service.admin, project.id);
    });
  });
}
