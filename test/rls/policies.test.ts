import { beforeAll, describe, expect, it } from "vitest";
import { type AppRole, createAppRole, refusal } from "../support/app_role.ts";
import {
  createTestProject,
  inTransaction,
  type Query,
  type TestProject,
} from "../support/project.ts";

type Person = { id: string; token: string };

let project: TestProject;
let app: AppRole;
let ann: Person;
let bob: Person;

beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  const [a, b] = [await project.signUp(), await project.signUp()];
  ann = { id: a.user.id, token: a.access_token };
  bob = { id: b.user.id, token: b.access_token };
});

/** As the app's server does: one transaction, all identity settings, then the user's statements. */
function as<T>(person: Person | null, work: (query: Query) => Promise<T>): Promise<T> {
  return app.transaction(async (query) => {
    await query("select set_config('jwt.claims.sub', $1, true)", [person?.id ?? ""]);
    await query("select set_config('jwt.token', $1, true)", [person?.token ?? ""]);
    return work(query);
  });
}

describe.each(["uid", "verified_uid", "live_uid"])(
  "a table whose policies use (select %s())",
  (helper) => {
    const table = `notes_${helper}`;

    beforeAll(async () => {
      await inTransaction(project.service, async (query) => {
        const own = `owner_id = (select ${project.id}.${helper}())`;
        await query(`set local search_path = ${app.schema}`);
        await query(
          `create table ${table} (id int primary key, owner_id uuid not null, body text)`,
        );
        await query(`create index on ${table} (owner_id)`);
        await query(`alter table ${table} enable row level security`);
        await query(`create policy own on ${table} using (${own}) with check (${own})`);
        await query(`grant select, insert, update, delete on ${table} to ${app.name}`);
        await query(`insert into ${table} values (1, $1, 'ann''s'), (2, $2, 'bob''s')`, [
          ann.id,
          bob.id,
        ]);
        await query(
          `create view ${table}_as_caller with (security_invoker = true) as select * from ${table}`,
        );
        await query(`create view ${table}_as_owner as select * from ${table}`);
        await query(`grant select on ${table}_as_caller, ${table}_as_owner to ${app.name}`);
      });
    });

    const ids = (person: Person | null, relation = table) =>
      as(person, async (query) =>
        (await query<{ id: number }>(`select id from ${relation} order by id`)).map(({ id }) => id),
      );

    it("shows each user its own rows, and nobody none", async () => {
      expect(await ids(ann)).toEqual([1]);
      expect(await ids(bob)).toEqual([2]);
      expect(await ids(null)).toEqual([]);
    });

    it("takes no row in another's name, by insert, update or upsert (case 141)", async () => {
      await as(ann, async (query) => {
        const insert = `insert into ${table} values (3, $1, 'x')`;
        expect(await refusal(query, insert, [bob.id])).toBe("42501");
        expect(await refusal(query, insert, [ann.id])).toBeNull();
        const update = `update ${table} set owner_id = $1 where id = 3`;
        expect(await refusal(query, update, [bob.id])).toBe("42501");
        const upsert = `insert into ${table} values ($1::int, $2, 'x')
        on conflict (id) do update set body = 'taken', owner_id = excluded.owner_id`;
        expect(await refusal(query, upsert, [2, ann.id])).toBe("42501");
        expect(await refusal(query, upsert, [1, bob.id])).toBe("42501");
        expect(await refusal(query, upsert, [1, ann.id])).toBeNull();
        await query(`delete from ${table} where id = 3`);
      });
      expect(await ids(bob)).toEqual([2]);
    });

    it("lets nobody change, delete or lock another's rows (case 141)", async () => {
      await as(ann, async (query) => {
        expect(await query(`update ${table} set body = 'x' where id = 2 returning id`)).toEqual([]);
        expect(await query(`delete from ${table} where id = 2 returning id`)).toEqual([]);
        expect(await query(`select id from ${table} where id = 2 for update`)).toEqual([]);
        expect(await query(`select id from ${table} for update`)).toEqual([{ id: 1 }]);
      });
      expect(await ids(bob)).toEqual([2]);
    });

    it("shows a view's caller its own rows only when the view is security_invoker (case 139)", async () => {
      expect(await ids(ann, `${table}_as_caller`)).toEqual([1]);
      expect(await ids(ann, `${table}_as_owner`)).toEqual([1, 2]);
    });

    it("hides rows from a leaky function, from errors and from statistics (case 140)", async () => {
      const seen = await as(ann, async (query) => {
        await query("create temp table seen (id int) on commit drop");
        await query(`create or replace function pg_temp.leak(p_id int) returns boolean language plpgsql cost 0.0000001
        as 'begin insert into seen values (p_id); return true; end'`);
        await query(`select from ${table} where pg_temp.leak(id)`);
        expect(
          await refusal(
            query,
            `select from ${table} where 1 / (case id when 2 then 0 else 1 end) = 1`,
          ),
        ).toBeNull();
        return query("select id from seen");
      });
      expect(seen).toEqual([{ id: 1 }]);

      await inTransaction(project.service, (query) => query(`analyze ${app.schema}.${table}`));
      const statistics = "select from pg_stats where tablename = $1";
      expect(await as(ann, (query) => query(statistics, [table]))).toEqual([]);
    });

    it("shows each user its own rows through one prepared statement (case 133)", async () => {
      await app.transaction(async (query) => {
        const become = async ({ id, token }: Person) => {
          await query("select set_config('jwt.claims.sub', $1, true)", [id]);
          await query("select set_config('jwt.token', $1, true)", [token]);
        };
        for (const mode of ["auto", "force_generic_plan", "force_custom_plan"]) {
          await query(`set local plan_cache_mode = ${mode}`);
          const name = `s_${helper}_${mode}`;
          await query(`prepare ${name} as select id from ${table} where body is not null`);
          // A plan becomes generic after five executions.
          for (let round = 0; round < 7; round += 1) {
            await become(ann);
            expect(await query(`execute ${name}`)).toEqual([{ id: 1 }]);
            await become(bob);
            expect(await query(`execute ${name}`)).toEqual([{ id: 2 }]);
          }
          await query(`deallocate ${name}`);
        }
      });
    });
  },
);
