import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Identity, withUser } from "../../src/rls/index.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
let app: AppRole;
let ada: SessionReply;
let grace: SessionReply;
let pool: pg.Pool;

const who = () => `select ${project.id}.verified_uid() as uid, pg_backend_pid() as pid`;

/** Asks who it is twice, with a pause in between for others to cut in. */
async function ask(identity: Identity) {
  return withUser(pool, identity, async (client) => {
    const first = (await client.query(who())).rows[0];
    await client.query("select pg_sleep(0.002)");
    const second = (await client.query(who())).rows[0];
    expect(second).toEqual(first);
    return first as { uid: string | null; pid: number };
  });
}

beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  [ada, grace] = [await project.signUp(), await project.signUp()];
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  pool = new pg.Pool({ connectionString: engine.url(app.name), max: 1 });
  pool.on("error", () => {});
});

afterAll(() => pool.end());

describe("a pool of one connection, shared by two users and nobody", () => {
  it("shows each its own identity, however they interleave (case 123)", async () => {
    const identities = [ada.access_token, grace.access_token, null];
    const expected = [ada.user.id, grace.user.id, null];
    const order = Array.from({ length: 60 }, (_, index) => (index * 7) % 3);
    const seen = await Promise.all(order.map((index) => ask(identities[index] ?? null)));
    expect(seen.map(({ uid }) => uid)).toEqual(order.map((index) => expected[index]));
    expect(new Set(seen.map(({ pid }) => pid)).size).toBe(1);
  });

  it("gets a new connection after work that ended its transaction, kept or cut (case 123)", async () => {
    const before = (await ask(ada.access_token)).pid;
    await expect(
      withUser(pool, ada.access_token, async (client) => {
        await client.query("commit");
        await client.query("select set_config('jwt.token', $1, false)", [ada.access_token]);
      }),
    ).rejects.toThrow("ended by its own work");
    const { rows } = await pool.query(who());
    expect(rows[0].uid).toBeNull();
    expect(rows[0].pid).not.toBe(before);

    await expect(
      withUser(pool, ada.access_token, (client) =>
        client.query("select pg_terminate_backend(pg_backend_pid())"),
      ),
    ).rejects.toThrow();
    expect((await ask(null)).uid).toBeNull();
  });

  it("keeps its connection after a failed statement, a time-out and a deferred refusal", async () => {
    const { pid } = await ask(ada.access_token);
    for (const statements of [
      ["select 1 / 0"],
      ["set local statement_timeout = 20", "select pg_sleep(1)"],
      [
        "create table parents (id int primary key)",
        "create table children (parent int references parents deferrable initially deferred)",
        "insert into children values (1)",
      ],
    ]) {
      const work = withUser(pool, ada.access_token, async (client) => {
        await client.query(`set local search_path = ${app.schema}`);
        for (const statement of statements) await client.query(statement);
      });
      await expect(work).rejects.toHaveProperty("code");
      const { rows } = await pool.query(who());
      expect(rows[0]).toEqual({ uid: null, pid });
    }
  });
});
