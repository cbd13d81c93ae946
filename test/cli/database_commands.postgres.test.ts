import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { runCli, runCommand } from "../support/cli.ts";
import type { PostgresDatabase } from "../support/engine.ts";
import { openService } from "../support/service.ts";

const key = "c1".repeat(32);
const runtime = `commands_runtime_${randomBytes(4).toString("hex")}`;
let database: PostgresDatabase;

beforeAll(async () => {
  // Prepares the server, so that its groups are the first administrator's.
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  database = await engine.createDatabase();
  expect((await run(["database", "init", "--runtime-role", runtime])).code).toBe(0);
  const ids = ["proj_a", "proj_b"];
  const made = await Promise.all(ids.map((id) => run(["project", "create", id])));
  expect(made.map(({ code }) => code)).toEqual([0, 0]);
});

function run(args: readonly string[], env: Record<string, string> = {}) {
  return runCli(args, { MIOSA_AUTH_DATABASE: database.adminUrl, MIOSA_AUTH_KEY: key, ...env });
}

describe("migrate", () => {
  it("says what it would do, does it, reports what failed and exits with 1", async () => {
    await database.query("update miosa_auth.projects set release = 'older'");
    await database.query("update proj_b.migrations set hash = 'of another text' where id = 3");
    const plan = await run(["migrate", "--all", "--dry-run", "--json"]);
    expect([plan.code, JSON.parse(plan.stdout)]).toEqual([
      0,
      { shared: false, behind: ["proj_a", "proj_b"], current: [], missing: [] },
    ]);
    const { code, stdout, stderr } = await run(["migrate", "--all"]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout.split("\n")).toEqual([
      "upgraded\tproj_a",
      expect.stringMatching(/^failed\tproj_b\t.*Hashes don't match/),
      "1 upgraded, 0 already current, 1 failed",
      "",
    ]);
    const again = await run(["migrate", "proj_a", "--json"]);
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      { shared: false, upgraded: [], current: ["proj_a"], failed: [] },
    ]);
  });

  it("wants ids or --all, not both and not neither", async () => {
    const ended = await Promise.all([run(["migrate"]), run(["migrate", "proj_a", "--all"])]);
    expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual([
      [2, ""],
      [2, ""],
    ]);
  });
});

describe("project prune (case 199)", () => {
  const line =
    "insert into %.audit_log (at, event) values (now() - interval '91 days', 'of_the_test')";

  it("forgets what is over in the named projects, or in all that are served", async () => {
    for (const id of ["proj_a", "proj_a", "proj_b"]) await database.query(line.replace("%", id));
    const named = await run(["project", "prune", "proj_a", "--json"]);
    expect([named.code, JSON.parse(named.stdout)]).toEqual([
      0,
      { pruned: { proj_a: { audit_log: 2 } }, failed: [] },
    ]);
    const all = await run(["project", "prune", "--all"]);
    expect([all.code, all.stdout.split("\n")]).toEqual([
      0,
      ["proj_b\taudit_log\t1", "2 pruned, 0 failed", ""],
    ]);
  });

  it("goes on past a project that fails, and exits with 1; wants ids or --all", async () => {
    await database.query(line.replace("%", "proj_b"));
    const { code, stdout } = await run(["project", "prune", "proj_none", "proj_b", "--json"]);
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      {
        pruned: { proj_b: { audit_log: 1 } },
        failed: [{ id: "proj_none", reason: expect.stringContaining("no project proj_none") }],
      },
    ]);
    expect((await run(["project", "prune"])).code).toBe(2);
    expect((await run(["project", "prune", "proj_a", "--all"])).code).toBe(2);
  });
});

describe("doctor", () => {
  it("prints a line a check, and exits with 1 when one fails", async () => {
    const unwell = await run(["doctor", "--project", "proj_a"]);
    expect(unwell.stdout).toMatch(/^ok {4}connection: the database answers$/m);
    expect(unwell.stdout).toMatch(
      /^fail {2}releases: 1 of 2 .* proj_b\. To do: miosa-auth migrate/m,
    );
    expect(unwell.code).toBe(1);
    await run(["project", "delete", "proj_b", "--yes"]);
    const { code, stdout } = await run(["doctor", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      check: "schemas",
      status: "ok",
      message: "1 project(s) as this release makes them",
    });
    const wrong = await run(["doctor"], { MIOSA_AUTH_KEY: "d2".repeat(32) });
    expect([wrong.code, wrong.stdout.includes("does not open")]).toEqual([1, true]);
  });
});

describe("sql", () => {
  it("prints a script that makes a project, whose secret the key opens later", async () => {
    const { stdout: script } = await run(["sql", "--schema", "proj_printed"]);
    const client = await database.connect();
    await client.query(script);
    await client.end();
    const { code, stdout } = await run(["project", "env", "proj_printed"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/AUTH_JWT_SECRET=[0-9a-f]{64}/)]);
    await database.query("delete from miosa_auth.projects where id = 'proj_printed'");
    expect((await run(["project", "adopt", "proj_printed"])).code).toBe(0);
    expect((await run(["project", "show", "proj_printed"])).code).toBe(0);
  });

  it("needs the key with a project alone, and refuses a name that cannot be", async () => {
    const bare = await runCli(["sql"]);
    expect([bare.code, bare.stdout.startsWith("begin;\n")]).toEqual([0, true]);
    const without = await runCli(["sql", "--schema", "proj_x"]);
    expect([without.code, without.stderr.includes("MIOSA_AUTH_KEY is not set")]).toEqual([1, true]);
    const bad = await run(["sql", "--schema", "Proj-X"]);
    expect([bad.code, bad.stdout]).toEqual([1, ""]);
  });
});

describe("completion", () => {
  it("can be loaded by bash as it is printed", async () => {
    const { stdout } = await runCli(["completion", "bash"]);
    const { code } = await runCommand("bash", ["-c", `${stdout}\ncomplete -p miosa-auth`]);
    expect(code).toBe(0);
    expect((await runCli(["completion", "csh"])).code).toBe(2);
  });
});
