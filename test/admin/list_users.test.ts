import { beforeAll, describe, expect, it } from "vitest";
import { listUsers } from "../../src/users/list.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
  // Three share a moment: the id decides between them.
  await project.sql(
    `insert into users (email, created_at)
     select 'user' || n || case when n % 2 = 0 then '@even.example' else '@odd.example' end,
       timestamptz '2026-01-01 00:00:00.123456+00' + case when n < 4 then 1 else n end * interval '1 second'
     from generate_series(1, 12) n`,
  );
});

const list = (options: Parameters<typeof listUsers>[2]) =>
  listUsers(project.service.admin, project.id, options);

async function pages(limit: number, filter?: string): Promise<string[][]> {
  const all: string[][] = [];
  let after: string | null | undefined;
  do {
    const page = await list({
      limit,
      ...(after ? { after } : {}),
      ...(filter === undefined ? {} : { filter }),
    });
    all.push(page.users.map(({ email }) => email));
    after = page.next;
  } while (after && all.length < 20);
  return all;
}

describe("listing a project's users", () => {
  it("gives them newest first, as clients see them and without a hash", async () => {
    const { users, next } = await list({ limit: 3 });
    expect(users.map(({ email }) => email)).toEqual([
      "user12@even.example",
      "user11@odd.example",
      "user10@even.example",
    ]);
    expect(next).not.toBeNull();
    expect(users[0]).toMatchObject({ aud: "authenticated", identities: [] });
    expect(JSON.stringify(users)).not.toContain("password");
  });

  it.each([1, 2, 3, 5, 11, 12, 13])("shows each one once in pages of %i", async (limit) => {
    const all = (await pages(limit)).flat();
    expect(all).toHaveLength(12);
    expect(new Set(all).size).toBe(12);
    expect(all.slice(0, 9)).toEqual(
      [12, 11, 10, 9, 8, 7, 6, 5, 4].map((n) => `user${n}@${n % 2 ? "odd" : "even"}.example`),
    );
  });

  it("goes on at the right place when users come and go in between, the last one shown too", async () => {
    const first = await list({ limit: 2 });
    const last = first.users[1];
    await project.sql("delete from users where id = $1", [last?.id]);
    await project.sql("insert into users (email) values ('newer@odd.example')");
    const second = await list({ limit: 2, after: String(first.next) });
    expect(second.users.map(({ email }) => email)).toEqual([
      "user10@even.example",
      "user9@odd.example",
    ]);
    await project.sql("delete from users where email = 'newer@odd.example'");
  });

  it("filters by a part of the address, taken as it is but for the case of letters", async () => {
    expect((await pages(4, "EVEN")).flat()).toHaveLength(6);
    expect((await pages(4, "user1")).flat().sort()).toEqual([
      "user10@even.example",
      "user12@even.example",
      "user1@odd.example",
    ]);
    for (const filter of ["%", "_ser", "' or true --", "nobody"]) {
      expect(await pages(4, filter)).toEqual([[]]);
    }
  });

  it.each([
    { limit: 0 },
    { limit: 1_001 },
    { limit: 1.5 },
    { after: "" },
    { after: "2026-01-01T00:00:00.000000Z" },
    { after: "2026-13-41T00:00:00.000000Z_00000000-0000-4000-8000-000000000000" },
    { after: "2026-02-31T00:00:00.000000Z_00000000-0000-4000-8000-000000000000" },
    { after: "infinity_00000000-0000-4000-8000-000000000000" },
    { filter: "a\0b" },
  ])("refuses %j (validation_failed)", async (options) => {
    await expect(list(options)).rejects.toMatchObject({ code: "validation_failed" });
  });

  it("reads a page from the index, the first and a later one", async () => {
    await project.sql(
      "insert into users (email, created_at) select 'm' || n || '@many.example', now() + n * interval '1 second' from generate_series(1, 3000) n",
    );
    const plan = await project.transaction(async (query) => {
      await query("analyze users");
      return query(
        `explain select u.id from users u
         where (u.created_at, u.id) < (coalesce(null::timestamptz, 'infinity'), coalesce(null::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
         order by u.created_at desc, u.id desc limit 50`,
      );
    });
    expect(JSON.stringify(plan)).toContain("users_created_at_id_idx");
    await project.sql("delete from users where email like 'm%'");
  });
});
