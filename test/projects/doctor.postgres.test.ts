import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { adoptProject } from "../../src/projects/adopt_project.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { type ExaminationOptions, examineDatabase } from "../../src/projects/doctor/doctor.ts";
import type { Finding } from "../../src/projects/doctor/finding.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { installSqlLogin } from "../../src/projects/sql_login.ts";
import { upgradeProjects } from "../../src/projects/upgrade_projects.ts";
import { createAdministrator } from "../support/administrators.ts";
import type { PostgresDatabase, PostgresEngine } from "../support/engine.ts";
import { openService, type TestService } from "../support/service.ts";

let service: TestService & { engine: PostgresEngine };
let database: PostgresDatabase;
let admin: Database;
const runtimeRole = `doctor_runtime_${randomBytes(4).toString("hex")}`;

beforeAll(async () => {
  const opened = await openService();
  if (opened.engine.kind !== "postgres") throw new Error("this needs a server");
  service = { ...opened, engine: opened.engine };
  database = await service.engine.createDatabase();
  admin = connectPostgres({ url: database.adminUrl });
});
afterAll(() => admin?.close());

async function examine(connection: Database, options?: ExaminationOptions) {
  return examineDatabase(connection, { keyring: service.keyring, ...options });
}

function unwell(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ status }) => status !== "ok")
    .map(({ check, status }) => `${status} ${check}`);
}

describe("the doctor", () => {
  it("says what a database that was never prepared needs", async () => {
    const findings = await examine(admin);
    expect(unwell(findings).filter((line) => line.includes("preparation"))).toHaveLength(1);
    expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
    const { connection, role } = await createAdministrator(service.engine.server, {
      create: "none",
      createRole: false,
    });
    const weak = (await examine(connection)).filter(({ status }) => status === "fail");
    expect(weak).toMatchObject([{ check: "create", remedy: expect.stringContaining(role) }]);
    await connection.close();
  });

  it("finds a prepared database well, with servers of this or that size", async () => {
    await prepareDatabase(admin, { runtimeRole });
    await createProject(admin, { id: "proj_well", keyring: service.keyring });
    expect(unwell(await examine(admin))).toEqual([]);
    await database.query("create extension pgcrypto; grant usage on schema public to public");
    await createProject(admin, { id: "proj_with_sql_login", keyring: service.keyring });
    await installSqlLogin(admin, "proj_with_sql_login");
    expect(unwell(await examine(admin))).toEqual([]);
    await adoptProject(admin, "proj_with_sql_login", service.keyring);
    expect(unwell(await examine(admin))).toEqual([]);
    await deleteProject(admin, "proj_with_sql_login");
    expect(unwell(await examine(admin, { connections: 60 }))).toEqual(["warn connections"]);
    expect(unwell(await examine(admin, { connections: 600 }))).toEqual(["fail connections"]);
    expect(unwell(await examine(admin, { projectId: "proj_absent" }))).toEqual(["fail project"]);
  });

  it("sees that a server's login lacks its time limits", async () => {
    await database.query(`alter role ${runtimeRole} reset statement_timeout`);
    const limits = (await examine(admin)).filter(({ check }) => check === "servers' logins");
    expect(limits.filter(({ status }) => status === "warn")).toMatchObject([
      {
        message: `${runtimeRole} has no statement_timeout`,
        remedy: `miosa-auth database init --runtime-role ${runtimeRole}`,
      },
    ]);
    await prepareDatabase(admin, { runtimeRole });
    expect(unwell(await examine(admin))).toEqual([]);
  });

  it("tells a server's login, an administrator's and a stranger's apart", async () => {
    const as = async (role: string) => {
      const connection = connectPostgres({ url: database.url(role) });
      const lines = unwell(await examine(connection));
      await connection.close();
      return lines;
    };
    expect(await as(runtimeRole)).toEqual(["warn registry"]);
    const stranger = `stranger_${randomBytes(4).toString("hex")}`;
    await database.query(`create role ${stranger} login`);
    expect(await as(stranger)).toEqual(["fail login", "warn registry"]);
    await database.query(`drop role ${stranger}`);
  });

  it("sees projects that are behind, entries without a schema and schemas without an entry", async () => {
    const { keyring } = service;
    for (const id of ["proj_behind", "proj_hollow", "proj_stray"]) {
      await createProject(admin, { id, keyring });
    }
    await database.query("update miosa_auth.projects set release = 'old' where id = 'proj_behind'");
    await database.query("alter schema proj_hollow rename to not_a_project_any_more");
    await database.query("drop table not_a_project_any_more.settings cascade");
    await database.query("delete from miosa_auth.projects where id = 'proj_stray'");
    await database.query("alter schema proj_well owner to postgres");
    const findings = await examine(admin, { projectId: "proj_behind" });
    const messages = findings
      .filter(({ check, status }) => /^(registry|releases)$/.test(check) && status !== "ok")
      .map(({ status, message }) => `${status}: ${message}`);
    expect(messages).toEqual([
      expect.stringMatching(/^fail: the schema proj_well belongs to postgres/),
      "fail: proj_hollow is registered, and its schema is not there",
      "warn: the schema proj_stray is a project's, and is not registered",
      "fail: 1 of 3 project(s) are behind this release: proj_behind",
    ]);
  });

  it("sees a right that was taken from the shared schema", async () => {
    await database.query("revoke all on miosa_auth.outbox from miosa_auth_project");
    await database.query("grant select on miosa_auth.projects to public");
    const findings = await examine(admin, { projectId: "proj_behind" });
    const shared = findings.filter(({ check }) => check === "schema miosa_auth");
    const messages = shared.map(({ message }) => message).sort();
    expect(messages).toContain(
      "grant of SELECT on table projects to PUBLIC is not of this release",
    );
    const missing = messages.filter((line) => /column outbox.*missing/.test(line));
    expect(missing.filter((line) => line.includes("INSERT"))).toHaveLength(6);
    expect(missing.filter((line) => line.includes("SELECT"))).toHaveLength(4);
    expect(messages.join()).toMatch(/DELETE on table outbox.*missing/);
    await prepareDatabase(admin);
    const again = await examine(admin, { projectId: "proj_behind" });
    expect(again.find(({ check }) => check === "schema miosa_auth")?.status).toBe("ok");
  });

  it("works, as upgrades and adoptions do, for an administrator that may not make roles", async () => {
    const { keyring, engine } = service;
    const { connection, query } = await createAdministrator(engine.server, { createRole: false });
    await prepareDatabase(connection);
    await createProject(connection, { id: "proj_plain", keyring });
    expect(unwell(await examine(connection))).toEqual(["warn login"]);
    await query("update miosa_auth.projects set release = 'older'");
    expect(unwell(await examine(connection))).toEqual(["warn login", "fail releases"]);
    expect(await upgradeProjects(connection)).toMatchObject({ upgraded: ["proj_plain"] });
    await query("delete from miosa_auth.projects");
    expect(unwell(await examine(connection))).toEqual(["warn login", "warn registry"]);
    await adoptProject(connection, "proj_plain", keyring);
    expect(unwell(await examine(connection))).toEqual(["warn login"]);
    await connection.close();
  });

  it("says that nothing answers where nothing does", async () => {
    const nowhere = connectPostgres({ url: "postgres://somebody@127.0.0.1:9/nothing" });
    expect(unwell(await examine(nowhere))).toEqual(["fail connection"]);
    await nowhere.close();
  });
});
