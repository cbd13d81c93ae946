import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, runCli } from "../support/cli.ts";
import type { PostgresDatabase } from "../support/engine.ts";
import { listing, startRangeServer } from "../support/range_server.ts";
import { openService } from "../support/service.ts";

const id = `proj_${randomBytes(4).toString("hex")}`;
const email = "ann@example.org";
let database: PostgresDatabase;
let folder: string;

beforeAll(async () => {
  // The worker's administrator comes first: it makes the groups, and gives others a share in them.
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  database = await engine.createDatabase();
  folder = await mkdtemp(join(tmpdir(), "miosa-cli-"));
  await json(["project", "create", id]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(args: string[]): Promise<Finished> {
  return runCli(args, { MIOSA_AUTH_DATABASE: database.adminUrl, MIOSA_AUTH_KEY: "c1".repeat(32) });
}

async function json<T = Record<string, unknown>>(args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run([...args, "--json"]);
  expect([args, code, stderr.includes("error")]).toEqual([args, 0, false]);
  return JSON.parse(stdout) as T;
}

async function refusal(args: string[], exitCode = 1): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  expect([args, code, stdout]).toEqual([args, exitCode, ""]);
  return stderr;
}

describe("project rotate-secret", () => {
  it("publishes, activates and replaces, a variable a line", async () => {
    const rotate = ["project", "rotate-secret", id];
    const { AUTH_JWT_SECRET_NEXT: next } = await json(rotate);
    expect(await refusal(rotate)).toContain("waits already");
    const { stdout, stderr } = await run([...rotate, "--activate", "--overlap", "2d"]);
    expect(stdout).toBe(`AUTH_JWT_SECRET=${next}\n`);
    expect(stderr).toMatch(/^note: tokens of the secret before are good until 2\d{3}-/);
    expect(await json(["project", "env", id])).toMatchObject({ AUTH_JWT_SECRET: next });

    const file = join(folder, "secret");
    await writeFile(file, "a secret of our own with more than 32 bytes\n");
    expect(await json([...rotate, "--now", "--jwt-secret-file", file])).toEqual({
      AUTH_JWT_SECRET: "a secret of our own with more than 32 bytes",
    });
  });

  it.each([
    [["--activate", "--overlap", "an hour"]],
    [["--overlap", "1h"]],
    [["--now", "--activate"]],
    [["--activate", "--replace"]],
    [["--activate", "--jwt-secret-file", "/dev/null"]],
  ])("takes %j for wrong usage", async (flags) => {
    await refusal(["project", "rotate-secret", id, ...flags], 2);
  });
});

describe("project set, settings, suspend and resume", () => {
  it("show what was set, and refuse what cannot be", async () => {
    const set = await run(["project", "set", id, "name=My shop", "password_min_length=12"]);
    expect(set.stdout).toBe("name=My shop\npassword_min_length=12\n");
    expect(await json(["project", "settings", id])).toMatchObject({ name: "My shop" });
    expect(await refusal(["project", "set", id, "bcrypt_cost=9"])).toContain("from 10 to 16");
    expect(await refusal(["project", "set", id, "bcrypt=9"])).toContain("bcrypt_cost");
    await refusal(["project", "set", id, "name"], 2);
    await refusal(["project", "set", id, "name=a", "name=b"], 2);
  });

  it("change the state, and say when it was so already", async () => {
    expect((await run(["project", "suspend", id])).stdout).toBe(`Suspended ${id}.\n`);
    expect(await json(["project", "suspend", id])).toMatchObject({ changed: false });
    expect(await json(["project", "show", id])).toMatchObject({ state: "suspended" });
    expect((await run(["project", "resume", id])).stdout).toBe(`Resumed ${id}.\n`);
  });
});

describe("project sign-out", () => {
  it("signs out who is named, or everybody, and never nobody in particular", async () => {
    const args = ["project", "sign-out"];
    expect((await run([...args, id])).stdout).toBe(`${id}\t0 user(s)\t0 session(s) ended\n`);
    expect(await json([...args, "--all"])).toEqual({
      signed_out: [{ id, users: 0, sessions: 0 }],
      failed: [],
    });
    await refusal(args, 2);
    await refusal([...args, id, "--all"], 2);
    const { code, stdout } = await run([...args, "proj_nowhere", id, "--json"]);
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      { signed_out: [{ id }], failed: [{ id: "proj_nowhere" }] },
    ]);
  });
});

describe("users", () => {
  it("are made with a password of a file or of standard input, never of an argument", async () => {
    const file = join(folder, "password");
    await writeFile(file, "a perfectly fine phrase\n");
    const args = ["users", "create", id, email, "--password-file", file, "--data", '{"a":1}'];
    expect(await json(args)).toMatchObject({ email, user_metadata: { a: 1 } });
    // Standard input ends at once here.
    expect(await refusal(["users", "create", id, "b@example.org"])).toContain("Password");
    const without = ["users", "create", id, "b@example.org", "--without-password", "--confirmed"];
    expect(await json(without)).toMatchObject({ email_confirmed_at: expect.any(String) });
    await refusal(["users", "create", id, "c@example.org", "--password", "secret"], 2);
    await refusal(["users", "create", id, "c@example.org", "--data", "[1]"], 2);
  });

  it("are listed in pages, shown, banned, signed out and deleted", async () => {
    const first = await json<{ users: { email: string }[]; next: string }>([
      ...["users", "list", id, "--limit", "1"],
    ]);
    expect(first.users.map((user) => user.email)).toEqual(["b@example.org"]);
    const second = await run(["users", "list", id, "--limit", "1", "--after", first.next]);
    expect(second.stdout).toMatch(new RegExp(`^[0-9a-f-]{36}\t${email}\t2`));
    expect((await run(["users", "show", id, email])).stdout).toContain(`email=${email}\n`);

    expect((await run(["users", "ban", id, email, "--for", "24h"])).stdout).toContain("Banned");
    expect((await run(["users", "unban", id, email])).stdout).toContain("is not banned");
    await refusal(["users", "ban", id, email], 2);
    expect(await json(["users", "sessions", id, email])).toEqual([]);
    expect(await json(["users", "sessions", id, email, "--revoke-all"])).toEqual({ revoked: 0 });
    await refusal(["users", "delete", id, email], 2);
    expect(await json(["users", "delete", id, email, "--yes"])).toHaveProperty("deleted");
    expect(await refusal(["users", "show", id, email])).toContain("no such user");
  });

  it("are not made with a leaked password where the project asks; a mirror away is told (case 202)", async () => {
    const range = await startRangeServer(listing({ "a phrase that leaked": 3 }));
    const file = join(folder, "leaked");
    await writeFile(file, "a phrase that leaked\n");
    await run(["project", "set", id, "breached_passwords=check"]);
    const args = ["users", "create", id, "d@example.org", "--password-file", file];
    const mirror = [...args, "--breached-passwords-url", range.url];
    try {
      expect(await refusal(mirror)).toContain("known data leak");
      expect(await refusal([...args, "--breached-passwords-url", "http://10.0.0.1"])).toContain(
        "http on this machine",
      );
    } finally {
      await range.close();
    }
    const { code, stderr } = await run(mirror);
    expect([code, stderr]).toEqual([0, expect.stringContaining("cannot be looked up")]);
  });
});
