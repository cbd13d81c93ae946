import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Database, Transaction } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import type { PostgresEngine } from "../support/engine.ts";
import { openTestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";

async function service(): Promise<TestService & { engine: PostgresEngine }> {
  const opened = await openService();
  if (opened.engine.kind !== "postgres") throw new Error("this needs a server");
  return { ...opened, engine: opened.engine };
}

function newId(): string {
  return `proj_${randomBytes(6).toString("hex")}`;
}

/** All that a project leaves in the catalogue and the registry, under its name. */
async function remains({ engine }: { engine: PostgresEngine }, id: string): Promise<unknown[]> {
  return engine.query(
    `select 'schema' as what, nspname::text as name from pg_namespace where nspname = $1
     union all select 'role', rolname from pg_roles where rolname like '%' || $1
     union all select 'member', roleid::regrole::text from pg_auth_members
       where roleid::regrole::text like '%' || $1 || '%' or member::regrole::text like '%' || $1 || '%'
     union all select 'registered', p.id from miosa_auth.projects p where p.id = $1
     order by 1, 2`,
    [id],
  );
}

/** A database whose connection the server ends right before the statement of that number. */
function dyingBefore(step: number, database: Database, engine: PostgresEngine) {
  let statements = 0;
  const cut = async (tx: Transaction) => {
    statements += 1;
    if (statements !== step) return;
    const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
    await engine.query("select pg_terminate_backend($1, 5000)", [row?.pid]);
  };
  const dying: Database = {
    ...database,
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          query: async (text, params) => {
            await cut(tx);
            return tx.query(text, params);
          },
          script: async (sql) => {
            await cut(tx);
            return tx.script(sql);
          },
        }),
      ),
  };
  return { database: dying, statements: () => statements };
}

/** Every `stride`-th number up to `last`, which is the last. */
function cuts(last: number, stride: number): number[] {
  const between = Array.from({ length: Math.ceil(last / stride) }, (_, at) => 1 + at * stride);
  return [...between.filter((step) => step < last), last];
}

describe("making a project", () => {
  it("leaves nothing when it is cut off, at the start, in between or at the end (case 126)", async () => {
    const { engine, admin, keyring } = await service();
    const whole = newId();
    const counted = dyingBefore(0, admin, engine);
    await createProject(counted.database, { id: whole, keyring });
    expect(counted.statements()).toBeGreaterThan(20);

    const id = newId();
    const provisioner = connectPostgres({ url: engine.adminUrl, connections: 1 });
    // Each migration is four statements, so three steps on is at another point of it.
    for (const step of cuts(counted.statements(), 3)) {
      const { database } = dyingBefore(step, provisioner, engine);
      await expect(createProject(database, { id, keyring })).rejects.toMatchObject({
        code: "service_unavailable",
      });
      expect([step, await remains({ engine }, id)]).toEqual([step, []]);
    }
    await provisioner.close();

    const { jwtSecret } = await createProject(admin, { id, keyring });
    const project = openTestProject(await openService(), id, jwtSecret);
    const { access_token: token } = await project.signUp();
    expect((await project.request("/user", { token })).status).toBe(200);
    expect(await remains({ engine }, id)).toHaveLength((await remains({ engine }, whole)).length);
  });

  it("is not seen, and not served, before it is whole (case 126)", async () => {
    const { engine, admin, keyring } = await service();
    const id = newId();
    const seen: unknown[] = [];
    const watched: Database = {
      ...admin,
      transaction: (work) =>
        admin.transaction(async (tx) => {
          const value = await work(tx);
          const project = openTestProject(await openService(), id, "");
          seen.push((await project.request("/settings")).status, await remains({ engine }, id));
          return value;
        }),
    };
    await createProject(watched, { id, keyring });
    expect(seen).toEqual([404, []]);
    expect(await remains({ engine }, id)).not.toEqual([]);
  });

  it("is won by one of many who try at once, and the others are told so (case 126)", async () => {
    const { engine, keyring } = await service();
    const id = newId();
    const provisioners = Array.from({ length: 8 }, () =>
      connectPostgres({ url: engine.adminUrl, connections: 1 }),
    );
    const results = await Promise.allSettled(
      provisioners.map((database) => createProject(database, { id, keyring })),
    );
    const made = results.flatMap((r) => (r.status === "fulfilled" ? [r.value] : []));
    const refused = results.flatMap((r) => (r.status === "rejected" ? [r.reason] : []));
    expect(made).toHaveLength(1);
    expect(refused.map(({ code, message }) => ({ code, message }))).toEqual(
      refused.map(() => ({
        code: "validation_failed",
        message: `The project ${id} exists already`,
      })),
    );
    const project = openTestProject(await openService(), id, made[0]?.jwtSecret ?? "");
    const { access_token: token } = await project.signUp();
    expect((await project.request("/user", { token })).status).toBe(200);
    for (const database of provisioners) await database.close();
  });

  it("goes on beside others and beside deletions of its own name (case 126)", async () => {
    const { engine, admin, keyring } = await service();
    const ids = Array.from({ length: 6 }, newId);
    await Promise.all(ids.map((id) => createProject(admin, { id, keyring })));

    const id = newId();
    const turns = Array.from({ length: 4 }, async () => {
      await createProject(admin, { id, keyring }).catch((error) => {
        expect(error).toMatchObject({ code: "validation_failed" });
      });
      await deleteProject(admin, id).catch((error) => {
        expect(error).toMatchObject({ code: "project_not_found" });
      });
    });
    await Promise.all(turns);
    await deleteProject(admin, id).catch((error) => {
      expect(error).toMatchObject({ code: "project_not_found" });
    });
    expect(await remains({ engine }, id)).toEqual([]);
    for (const other of ids) {
      await deleteProject(admin, other);
      expect(await remains({ engine }, other)).toEqual([]);
    }
  });
});

describe("deleting a project", () => {
  it("leaves it whole when it is cut off, before whichever statement (case 126)", async () => {
    const { engine, admin, keyring } = await service();
    const id = newId();
    const { jwtSecret } = await createProject(admin, { id, keyring });
    const project = openTestProject(await openService(), id, jwtSecret);
    const { access_token: token } = await project.signUp();
    const before = await remains({ engine }, id);
    const provisioner = connectPostgres({ url: engine.adminUrl, connections: 1 });
    let step = 0;
    for (;;) {
      step += 1;
      const { database } = dyingBefore(step, provisioner, engine);
      const error = await deleteProject(database, id).catch((thrown: unknown) => thrown);
      if (error === undefined) break;
      expect(error).toMatchObject({ code: "service_unavailable" });
      expect([step, await remains({ engine }, id)]).toEqual([step, before]);
      expect((await project.request("/user", { token })).status).toBe(200);
    }
    expect(step).toBeGreaterThan(5);
    expect(await remains({ engine }, id)).toEqual([]);
    await provisioner.close();
  });
});
