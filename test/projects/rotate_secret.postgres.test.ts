import { beforeAll, describe, expect, it } from "vitest";
import type { Database, Transaction } from "../../src/database/database.ts";
import { readEnvironment } from "../../src/projects/environment.ts";
import {
  activateNextSecret,
  publishNextSecret,
  replaceSecretNow,
} from "../../src/projects/rotate_secret.ts";
import { assignSettings } from "../../src/projects/settings.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
});

function states(): Promise<object[]> {
  return project.sql("select state, count(*)::int as keys from jwt_keys group by state order by 1");
}

/** How many of some calls at once were done, and with what code the others were refused. */
async function outcomes(calls: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls);
  return settled
    .map((one) => (one.status === "fulfilled" ? "done" : String(one.reason.code)))
    .sort();
}

describe("rotations at once", () => {
  it("publish one, and activate it once: one key signs (case 55)", async () => {
    const { admin, keyring } = project.service;
    const all = Array.from({ length: 4 });
    const published = await outcomes(
      all.map(() => publishNextSecret(admin, project.id, { keyring })),
    );
    expect(published).toEqual(["conflict", "conflict", "conflict", "done"]);
    const activated = await outcomes(
      all.map(() => activateNextSecret(admin, project.id, { keyring })),
    );
    expect(activated).toEqual(["done", ...all.slice(1).map(() => "validation_failed")]);
    expect(await states()).toEqual([
      { state: "active", keys: 1 },
      { state: "retired", keys: 1 },
    ]);
  });

  it("and replacements leave one key, whichever comes last", async () => {
    const { admin, keyring } = project.service;
    await publishNextSecret(admin, project.id, { keyring });
    const replaced = await Promise.all([
      replaceSecretNow(admin, project.id, { keyring }),
      replaceSecretNow(admin, project.id, { keyring }),
    ]);
    await outcomes([activateNextSecret(admin, project.id, { keyring })]);
    expect(await states()).toEqual([{ state: "active", keys: 1 }]);
    const { AUTH_JWT_SECRET } = await readEnvironment(admin, project.id, keyring, "http://a.test");
    expect(replaced.map((one) => one.AUTH_JWT_SECRET)).toContain(AUTH_JWT_SECRET);
  });

  it.each([
    ["an activation", activateNextSecret],
    ["a replacement", replaceSecretNow],
  ])("%s that is cut off at any statement leaves the keys of before", async (_, rotate) => {
    const { admin, keyring, engine } = project.service;
    await publishNextSecret(admin, project.id, { keyring, replaces: true });
    const keys = () =>
      project.sql(
        `select kid, state, accepted_until::text from jwt_keys
         union all select encode(inner_pad, 'hex'), purpose, null from database_keys order by 1`,
      );
    const before = await keys();
    for (let step = 1; ; step += 1) {
      const cut = cutBefore(step, admin, (sql) => engine.query(sql));
      const [outcome] = await outcomes([rotate(cut.database, project.id, { keyring })]);
      if (!cut.happened()) {
        expect([outcome, step > 5]).toEqual(["done", true]);
        break;
      }
      expect([step, outcome, await keys()]).toEqual([step, "service_unavailable", before]);
    }
    expect(await keys()).not.toEqual(before);
    expect(await states()).toContainEqual({ state: "active", keys: 1 });
  });
});

describe("changes of settings at once", () => {
  it("are all made: none finds the row of another gone", async () => {
    const { admin, engine } = project.service;
    if (engine.kind !== "postgres") throw new Error("this needs a server");
    const names = ["name", "mail_interval", "bcrypt_cost", "password_min_length"];
    await Promise.all(names.map((name) => assignSettings(admin, project.id, { [name]: "12" })));
    // As the owner of all, where no grant puts them in a row.
    await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        project.sql("select change_settings($1)", [{ session_lifetime: index + 1 }]),
      ),
    );
    const [row] = await project.sql(
      "select name, mail_interval, bcrypt_cost, password_min_length, session_lifetime > 0 as changed from settings",
    );
    expect(row).toEqual({
      name: "12",
      mail_interval: 12,
      bcrypt_cost: 12,
      password_min_length: 12,
      changed: true,
    });
  });
});

/** A database whose connection the server ends right before the statement of that number. */
function cutBefore(step: number, database: Database, query: (sql: string) => Promise<unknown>) {
  let statements = 0;
  const count = async (tx: Transaction) => {
    statements += 1;
    if (statements !== step) return;
    const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
    await query(`select pg_terminate_backend(${Number(row?.pid)}, 5000)`);
  };
  const cut: Database = {
    ...database,
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          query: async (text, params) => {
            await count(tx);
            return tx.query(text, params);
          },
          script: async (sql) => {
            await count(tx);
            return tx.script(sql);
          },
        }),
      ),
  };
  return { database: cut, happened: () => statements >= step };
}
