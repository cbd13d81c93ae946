import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, runCli } from "../support/cli.ts";
import type { PostgresDatabase } from "../support/engine.ts";
import { openService } from "../support/service.ts";

const id = `proj_${randomBytes(4).toString("hex")}`;
let database: PostgresDatabase;
let folder: string;
let mails: string;

beforeAll(async () => {
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  database = await engine.createDatabase();
  folder = await mkdtemp(join(tmpdir(), "miosa-mail-"));
  mails = join(folder, "mails");
  await json(["project", "create", id]);
  await database.query(
    `insert into miosa_auth.outbox (project_id, owner_role, purpose, recipient, payload, state, failure, settled_at, queued_at)
     select id, owner_role, 'recovery', s.recipient, '\\xc0ffee', s.state, s.failure, s.settled_at, now() - interval '1 hour'
     from miosa_auth.projects, (values
       ('ann@example.org', 'parked', 'smtp 550', now()),
       ('bob@example.org', 'queued', 'timeout', null)
     ) s (recipient, state, failure, settled_at)`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(args: string[], more: Record<string, string> = {}): Promise<Finished> {
  const own = { MIOSA_AUTH_DATABASE: database.adminUrl, MIOSA_AUTH_KEY: "c1".repeat(32) };
  return runCli(args, { ...own, ...more });
}

async function json<T = Record<string, unknown>>(args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run([...args, "--json"]);
  expect([args, code, stderr.includes("error")]).toEqual([args, 0, false]);
  return JSON.parse(stdout) as T;
}

describe("mail", () => {
  it("status and list say what waits and what was given up, and not what it says", async () => {
    expect(await json(["mail", "status"])).toEqual([
      expect.objectContaining({ project: id, queued: 1, parked: 1, sent: 0, failure: "timeout" }),
    ]);
    const parked = await json<{ id: string }[]>(["mail", "list", "--state", "parked"]);
    expect(parked).toEqual([
      expect.objectContaining({ recipient: "ann@example.org", failure: "smtp 550" }),
    ]);
    const { stdout } = await run(["mail", "list", "--project", id]);
    expect(stdout.trim().split("\n")).toHaveLength(2);
    expect(stdout).not.toContain("c0ffee");
  });

  it("is a finding of the doctor where it was given up or has waited for long", async () => {
    const { code, stdout } = await run(["doctor", "--project", id]);
    expect(code).toBe(1);
    expect(stdout).toContain(`1 mail(s) of ${id} were given up`);
    expect(stdout).toMatch(new RegExp(`fail  mail: mail of ${id} has waited for 60 minutes`));
  });

  it("retry takes numbers, or --all, and nothing else", async () => {
    const [{ id: number } = { id: "" }] = await json<{ id: string }[]>([
      "mail",
      "list",
      "--state",
      "parked",
    ]);
    for (const args of [[], [number, "--all"], [number, "--project", id]]) {
      expect((await run(["mail", "retry", ...args])).code).toBe(2);
    }
    expect((await run(["mail", "retry", "1 or true"])).code).toBe(1);
    expect(await json(["mail", "retry", number])).toEqual({ queued: 1 });
    expect(await json(["mail", "retry", "--all"])).toEqual({ queued: 0 });
  });

  it("suppress, suppressed and unsuppress keep the list of a project (case 184)", async () => {
    const entry = await json(["mail", "suppress", id, "Eve@Example.org", "--reason", "complaint"]);
    expect(entry).toMatchObject({ address: "eve@example.org", expires_at: null });
    expect(await json(["mail", "suppressed", id])).toEqual([entry]);
    expect((await run(["mail", "unsuppress", id])).code).toBe(2);
    expect((await run(["mail", "suppress", id, "nobody"])).code).toBe(1);
    expect(await json(["mail", "unsuppress", id, "--bounces"])).toEqual({ lifted: 0 });
    expect(await json(["mail", "unsuppress", id, "eve@example.org"])).toEqual({ lifted: 1 });
    expect(await json(["mail", "suppressed", id])).toEqual([]);
  });

  it("test says that there is no transport, and which variables the server's takes", async () => {
    const { code, stderr } = await run(["mail", "test", id, "ann@example.org"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`miosa-auth mail transport ${id}`)]);
    const down = await run(["mail", "test", id, "ann@example.org"], {
      MIOSA_AUTH_MAIL_URL: "smtp://127.0.0.1:1?tls=off",
      MIOSA_AUTH_MAIL_FROM: "a@b.example",
    });
    expect([down.code, down.stderr]).toEqual([1, expect.stringContaining("(connection)")]);
  });

  it("transport is set from files, shown without secrets, tried and removed", async () => {
    const transport = ["mail", "transport", id];
    expect(await json(transport)).toEqual({ transport: null });
    const file = join(folder, "url");
    await writeFile(file, "smtps://user:hidden-word@mail.example\n");
    const from = ["--from", "The Shop <auth@shop.example>"];
    const set = await json([...transport, "--url-file", file, ...from]);
    expect(set).toEqual({
      url: "smtps://user:***@mail.example",
      from: "The Shop <auth@shop.example>",
      reply_to: null,
      has_secret: false,
    });
    expect(await json(transport)).toEqual({ transport: set });

    await writeFile(file, pathToFileURL(mails).href);
    await json([...transport, "--url-file", file, ...from]);
    const result = await json(["mail", "test", id, "Ann@Example.org"]);
    expect(result).toMatchObject({ transport: "project", failure: null, to: "ann@example.org" });
    const [name] = await readdir(mails);
    const raw = await readFile(join(mails, name ?? ""), "utf8");
    expect(raw).toContain("To: ann@example.org");

    expect(await json([...transport, "--remove"])).toEqual({ removed: true });
    expect(await json(transport)).toEqual({ transport: null });
    expect((await run([...transport, ...from])).code).toBe(2);
    expect((await run([...transport, "--url-file", file, ...from, "--remove"])).code).toBe(2);
  });
});
