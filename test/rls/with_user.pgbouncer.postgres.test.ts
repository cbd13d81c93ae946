import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withUser } from "../../src/rls/index.ts";
import { createAppRole } from "../support/app_role.ts";
import { type Pooler, startPgBouncer } from "../support/pgbouncer.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
let pooler: Pooler;
let pool: pg.Pool;

beforeAll(async () => {
  project = await createTestProject();
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  const app = await createAppRole(project);
  pooler = await startPgBouncer(engine.server.port, { poolSize: 1, roles: [app.name] });
  pool = new pg.Pool({ connectionString: pooler.url(app.name, engine.database), max: 8 });
});

afterAll(async () => {
  await pool?.end();
  await pooler?.stop();
});

it("shares one server connection of PgBouncer's transaction mode without a leak (cases 123, 191)", async () => {
  const users = [await project.signUp(), await project.signUp()];
  const identities = [
    ...users.map(({ access_token, user }) => ({ token: access_token, id: user.id })),
    { token: null, id: null },
  ];
  const backends = new Set<number>();
  const asked = Array.from({ length: 200 }, async (_, index) => {
    const { token, id } = identities[(index * 7) % 3] ?? { token: null, id: null };
    const work = withUser(pool, token, async (client) => {
      const { rows } = await client.query(
        `select ${project.id}.verified_uid() as uid, pg_backend_pid() as pid`,
      );
      backends.add(rows[0].pid);
      if (index % 11 === 0) await client.query("select 1 / 0");
      return rows[0].uid === id;
    });
    return index % 11 === 0 ? work.catch((error) => error.code === "22012") : work;
  });
  expect((await Promise.all(asked)).filter((isRight) => !isRight)).toEqual([]);
  expect(backends.size).toBe(1);

  const { rows } = await pool.query(
    `select ${project.id}.verified_uid() as uid, current_setting('jwt.token', true) as token`,
  );
  expect(rows).toEqual([{ uid: null, token: "" }]);
});
