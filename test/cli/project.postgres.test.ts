import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, runCli } from "../support/cli.ts";
import { openEngine, type PostgresDatabase } from "../support/engine.ts";
import { named } from "../support/own_names.ts";
import { openService } from "../support/service.ts";

const id = `proj_${randomBytes(4).toString("hex")}`;
const moved = `${id}_moved`;
const suffix = randomBytes(4).toString("hex");
const key = "c1".repeat(32);
let database: PostgresDatabase;
let folder: string;
let printed: Record<string, string>;

beforeAll(async () => {
  // The worker's own administrator makes the groups of the server; a second one is let in after.
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  database = await engine.createDatabase();
  await database.query(`create role app_${suffix}`);
  folder = await mkdtemp(join(tmpdir(), "miosa-cli-"));
});
afterAll(async () => {
  await database?.query(`drop role app_${suffix}`);
  await rm(folder, { recursive: true, force: true });
});

function run(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  const common = { MIOSA_AUTH_DATABASE: database.adminUrl, MIOSA_AUTH_KEY: key };
  return runCli(args, { ...common, ...env });
}

async function json<T>(args: string[], env: Record<string, string> = {}): Promise<T> {
  const { code, stdout, stderr } = await run([...args, "--json"], env);
  expect([args, code, stderr.includes("error")]).toEqual([args, 0, false]);
  expect(stdout.split("\n")).toHaveLength(2);
  return JSON.parse(stdout) as T;
}

async function refusal(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await run(args, env);
  expect([args, code, stdout]).toEqual([args, 1, ""]);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  return stderr;
}

function namesLeft(): Promise<object[]> {
  return database.query(
    `select nspname::text as name from pg_namespace where nspname like $1
     union all select rolname::text from pg_roles where rolname like $1`,
    [`%${id}%`],
  );
}

describe("projects by the command line", () => {
  it("lists none in a database that was never prepared", async () => {
    expect(await json(["project", "list"])).toEqual([]);
  });

  it("creates one there, and prints its two variables and nothing else", async () => {
    printed = await json(["project", "create", id]);
    expect(printed).toEqual({
      AUTH_URL: `http://localhost:8787/${id}`,
      AUTH_JWT_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("moves one in with the secret of a file, and prints lines for an env file", async () => {
    const secret = "my own secret, used for years and kept: ünïcödé";
    const file = join(folder, "secret");
    await writeFile(file, `${secret}\n`);
    const args = ["project", "create", moved, "--public-url", "https://auth.example.com/"];
    const { code, stdout } = await run(args, { MIOSA_AUTH_JWT_SECRET_FILE: file });
    const lines = `AUTH_URL=https://auth.example.com/${moved}\nAUTH_JWT_SECRET=${secret}\n`;
    expect([code, stdout]).toEqual([0, lines]);
  });

  it("refuses what cannot be, and leaves nothing of it", async () => {
    const file = join(folder, "short");
    await writeFile(file, "only 31 bytes are in this file.");
    const short = ["project", "create", `${id}_short`, "--jwt-secret-file", file];
    const reasons = await Promise.all([
      refusal(short),
      refusal(["project", "create", id]),
      refusal(["project", "create", "Proj-X"]),
      refusal(["project", "create", "public"]),
    ]);
    expect(reasons).toEqual([
      expect.stringContaining("at least 32 bytes"),
      expect.stringContaining("exists already"),
      expect.stringContaining("A project id is"),
      expect.stringContaining("A project id is"),
    ]);
    expect(await namesLeft()).toHaveLength(4);
  });

  it("prints the variables again, to whoever has the key", async () => {
    expect(await json(["project", "env", id])).toEqual(printed);
    const wrong = { MIOSA_AUTH_KEY: "d2".repeat(32) };
    const message = await refusal(["project", "env", id], wrong);
    expect(message).toContain("does not open the secrets");
    const rotated = { MIOSA_AUTH_KEY: `${"d2".repeat(32)},${key}` };
    expect(await json(["project", "env", id], rotated)).toEqual(printed);
  });

  it("lists and shows them, without a secret", async () => {
    const list = await json<{ id: string }[]>(["project", "list"]);
    expect(list.map((project) => project.id)).toEqual([id, moved]);
    const shown = await json<object>(["project", "show", id]);
    expect(shown).toEqual(list[0]);
    expect(Object.keys(shown).sort()).toEqual([
      "created_at",
      "id",
      "owner_role",
      "release",
      "state",
    ]);
    const { stdout } = await run(["project", "list"]);
    expect(stdout).toMatch(new RegExp(`^${id}\tactive\t\\d{4}-`));
  });

  it("says which project is not there", async () => {
    const reasons = await Promise.all([
      refusal(["project", "show", "proj_absent"]),
      refusal(["project", "env", "proj_absent"]),
      refusal(["project", "delete", "proj_absent", "--yes"]),
    ]);
    for (const reason of reasons) expect(reason).toContain("proj_absent");
  });

  it("grants a role the helpers and nothing else, and takes them back", async () => {
    const role = `app_${suffix}`;
    const rights = async () => {
      const [row] = await database.query(
        named(
          `select has_function_privilege($1, '${id}.uid()', 'execute') as helper,
             has_table_privilege($1, '${id}.users', 'select') as users,
             has_function_privilege($1, '${id}.get_user(uuid, uuid)', 'execute') as endpoint`,
          id,
        ),
        [role],
      );
      return row;
    };
    expect(await json(["project", "grant", id, role])).toMatchObject({
      project: id,
      granted: role,
    });
    expect(await rights()).toEqual({ helper: true, users: false, endpoint: false });
    expect(await json(["project", "revoke", id, role])).toMatchObject({
      project: id,
      revoked: role,
    });
    expect(await rights()).toMatchObject({ helper: false });
    expect(await refusal(["project", "grant", id, "nobody_here"])).toContain("nobody_here");
  });

  it("deletes one with --yes alone, and leaves nothing behind", async () => {
    const { code } = await run(["project", "delete", id]);
    expect([code, (await namesLeft()).length]).toEqual([2, 4]);
    expect(await json(["project", "delete", id, "--yes"])).toEqual({ deleted: id });
    const { stdout } = await run(["project", "delete", moved, "--yes"]);
    expect(stdout).toBe(`Deleted ${moved}.\n`);
    expect(await namesLeft()).toEqual([]);
    expect(await refusal(["project", "delete", id, "--yes"])).toContain(id);
  });
});

describe("database init", () => {
  it("makes a login for the server, says what is left to do, and can be run again", async () => {
    const login = `server_${suffix}`;
    const first = await run(["database", "init", "--runtime-role", login]);
    expect([first.code, first.stdout]).toEqual([0, "The database is prepared.\n"]);
    expect(first.stderr).toContain(`The role ${login} was made without a password`);
    const again = await json(["database", "init"], { MIOSA_AUTH_RUNTIME_ROLE: login });
    expect(again).toEqual({ administration: "roles", notes: [] });
    const [role] = await database.query(
      `select rolcanlogin, rolsuper, pg_has_role(oid, 'miosa_auth_runtime', 'member') as member
       from pg_roles where rolname = $1`,
      [login],
    );
    expect(role).toEqual({ rolcanlogin: true, rolsuper: false, member: true });
    await database.query(`drop role ${login}`);
  });

  it("says in one line what to grant, where the administrator lacks a right", async () => {
    const engine = await openEngine();
    if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
    await database.query(`create role weak_${suffix} login createrole`);
    const url = { MIOSA_AUTH_DATABASE: engine.server.url(database.database, `weak_${suffix}`) };
    const message = await refusal(["database", "init"], url);
    expect(message).toContain(`grant create on database ${database.database} to weak_${suffix}`);
    await database.query(`drop role weak_${suffix}`);
  });
});
