import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grantHelpers } from "../../src/projects/grants.ts";
import { type EmbeddedLike, type Identity, withUser } from "../../src/rls/index.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const role = `app_${randomBytes(4).toString("hex")}`;

/** What pg's client and PGlite's transaction have in common. */
interface Client {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

let project: TestProject;
let ada: SessionReply;
let pool: pg.Pool | undefined;

function runAs<T>(identity: Identity, work: (client: Client) => Promise<T>): Promise<T> {
  const { engine } = project.service;
  if (engine.kind === "embedded") {
    return withUser(engine.pglite as unknown as EmbeddedLike<Client>, identity, work, { role });
  }
  if (!pool) throw new Error("no pool");
  return withUser(pool, identity, work, { role });
}

/** What nobody's query sees on the one connection. */
async function left() {
  return runAs(null, async (client) => {
    const { rows } = await client.query(
      `select ${project.id}.uid() as uid, ${project.id}.verified_uid() as verified,
        current_setting('jwt.token', true) as token, current_user::text as role`,
    );
    return rows[0];
  });
}
const nothing = { uid: null, verified: null, token: "", role };

async function notes() {
  return (await project.sql(`select body from ${role}.notes order by 1`)).map(({ body }) => body);
}

beforeAll(async () => {
  project = await createTestProject();
  ada = await project.signUp();
  await project.sql(`create role ${role} login`);
  await project.sql(`create schema ${role} authorization ${role}`);
  await project.sql(`create table ${role}.notes (body text)`);
  await project.sql(`grant insert, select on ${role}.notes to ${role}`);
  await grantHelpers(project.service.admin, project.id, role);
  const { engine } = project.service;
  if (engine.kind === "postgres") {
    pool = new pg.Pool({ connectionString: engine.url(role), max: 1 });
    pool.on("error", () => {});
  }
});

afterAll(() => pool?.end());

describe("work that runs as a user", () => {
  it("is told that nothing was kept when it swallowed a failed statement", async () => {
    const work = runAs(ada.access_token, async (client) => {
      await client.query(`insert into ${role}.notes values ('swallowed')`);
      await client.query("select 1 / 0").catch(() => {});
    });
    await expect(work).rejects.toThrow("nothing of it was committed");
    expect(await notes()).not.toContain("swallowed");
    expect(await left()).toEqual(nothing);
  });

  it.each([
    ["commit", "kept"],
    ["commit; begin", "kept"],
    ["rollback", "not kept"],
    ["rollback; begin", "not kept"],
  ])("is refused when it ended the transaction itself, by %s", async (statements, fate) => {
    const body = `before ${statements}`;
    const work = runAs(ada.access_token, async (client) => {
      await client.query(`insert into ${role}.notes values ($1)`, [body]);
      for (const statement of statements.split("; ")) await client.query(statement);
    });
    await expect(work).rejects.toThrow("ended by its own work");
    expect((await notes()).includes(body)).toBe(fate === "kept");
    expect(await left()).toEqual(nothing);
  });

  it("can use savepoints of its own", async () => {
    await runAs(ada.access_token, async (client) => {
      await client.query("savepoint a");
      await client.query("select 1 / 0").catch(() => {});
      await client.query("rollback to savepoint a");
      await client.query(`insert into ${role}.notes values ('after a savepoint')`);
    });
    expect(await notes()).toContain("after a savepoint");
  });

  it("cannot use the client once it is over, when another user may have it (case 123)", async () => {
    let lent: Client | undefined;
    await runAs(ada.access_token, async (client) => {
      lent = client;
    });
    await expect(async () => lent?.query("select 1")).rejects.toThrow("which is over");

    let straggler: Promise<unknown> | undefined;
    const failing = runAs(ada.access_token, (client) => {
      straggler = new Promise((resolve) => setTimeout(resolve, 20))
        .then(() => client.query(`insert into ${role}.notes values ('in another transaction')`))
        .catch((error: Error) => error.message);
      return Promise.all([straggler, client.query("select 1 / 0")]);
    });
    await expect(failing).rejects.toThrow("division by zero");
    await runAs(null, async (client) => {
      expect(await straggler).toMatch("which is over");
      await client.query("select 1");
    });
    expect(await notes()).not.toContain("in another transaction");
  });

  it("cannot hand the client back early", async () => {
    const work = runAs(ada.access_token, async (client) =>
      (client as unknown as { release(): void }).release(),
    );
    await expect(work).rejects.toThrow(pool ? "gives the client back itself" : /not a function/);
    expect(await left()).toEqual(nothing);
  });

  it("that takes another role, for the transaction, leaves the next one its own", async () => {
    const seen = await runAs(ada.access_token, async (client) => {
      await client.query("reset role");
      return (await client.query("select current_user::text as role")).rows[0]?.role;
    });
    expect(seen).toBe(pool ? role : "postgres");
    expect(await left()).toEqual(nothing);
  });

  it("gives its value, and its own error, unchanged", async () => {
    expect(await runAs(null, async () => 42)).toBe(42);
    const own = new TypeError("mine");
    await expect(runAs(null, () => Promise.reject(own))).rejects.toBe(own);
  });
});
