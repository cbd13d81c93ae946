import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type Finished, runCli } from "../support/cli.ts";
import type { PostgresDatabase } from "../support/engine.ts";
import { openService } from "../support/service.ts";

const id = `proj_${randomBytes(4).toString("hex")}`;
let database: PostgresDatabase;

beforeAll(async () => {
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  database = await engine.createDatabase();
  await json(["project", "create", id]);
  await database.query("create schema app");
  await database.query(`create function app.claims(uuid, jsonb) returns jsonb
    language sql as $$ select $2 || '{"tenant": "acme"}' $$`);
});

function run(args: string[]): Promise<Finished> {
  return runCli(args, { MIOSA_AUTH_DATABASE: database.adminUrl, MIOSA_AUTH_KEY: "c1".repeat(32) });
}

async function json<T = Record<string, unknown>>(args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run([...args, "--json"]);
  expect([args, code, stderr.includes("error")]).toEqual([args, 0, false]);
  return JSON.parse(stdout) as T;
}

describe("project claims", () => {
  const claims = ["project", "claims", id];

  it("registers a function once it is safe to call, shows it, and takes it away", async () => {
    expect((await run(claims)).stdout).toBe(
      `No function of yours adds claims to the tokens of ${id}.\n`,
    );
    for (let step = 0; step < 3; step++) {
      const { stderr } = await run([...claims, "app.claims"]);
      const [, advice] = /: ((?:alter|grant) .*;)/.exec(stderr) ?? [];
      if (advice === undefined) break;
      await database.query(advice);
    }
    const registered = { project: id, function: "app.claims(uuid,jsonb)" };
    expect(await json(claims)).toEqual(registered);
    expect(await json([...claims, "app.claims(uuid, jsonb)"])).toEqual(registered);
    expect(await json([...claims, "--remove"])).toEqual({ project: id, function: null });
    expect(await json(claims)).toEqual({ project: id, function: null });
  });

  it("refuses what is no such function, and wrong usage", async () => {
    const missing = await run([...claims, "app.nothing"]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("no function")]);
    expect((await run([...claims, "app.claims", "--remove"])).code).toBe(2);
    const set = await run(["project", "set", id, "custom_claims=app.claims(uuid,jsonb)"]);
    expect([set.code, set.stderr]).toEqual([1, expect.stringContaining("project claims")]);
  });
});

describe("users prune", () => {
  it("deletes anonymous users of long ago", async () => {
    await database.query(
      `insert into ${id}.users (is_anonymous, created_at) select true, now() - interval '40 days' from generate_series(1, 3)`,
    );
    const prune = ["users", "prune", id, "--anonymous-older-than"];
    expect(await json([...prune, "50d"])).toEqual({ deleted: 0, held: 0 });
    expect((await run([...prune, "30d"])).stdout).toBe("Deleted 3 anonymous user(s).\n");
    expect((await run([...prune, "30"])).code).toBe(2);
    expect((await run([...prune, "5m"])).stderr).toContain("at least an hour");
    expect((await run(["users", "prune", id])).code).toBe(2);
  });
});
