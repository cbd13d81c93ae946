import { beforeAll, describe, expect, it } from "vitest";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import {
  createTestProject,
  inTransaction,
  type Query,
  type TestProject,
} from "../support/project.ts";

interface Plan {
  readonly "Node Type": string;
  readonly "Parent Relationship"?: string;
  readonly "Parallel Aware"?: boolean;
  readonly "Actual Loops"?: number;
  readonly Plans?: readonly Plan[];
}

const rows = 20_000;
let project: TestProject;
let app: AppRole;
let user: { id: string; token: string };

beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  const session = await project.signUp();
  user = { id: session.user.id, token: session.access_token };
  await inTransaction(project.service, async (query) => {
    await query(`set local search_path = ${app.schema}`);
    for (const helper of ["uid", "verified_uid", "live_uid"]) {
      const table = `big_${helper}`;
      await query(`create table ${table} (id int, owner_id uuid, body text)`);
      await query(
        `insert into ${table} select i, case when i % 200 = 0 then $1::uuid else gen_random_uuid() end, repeat('x', 40)
         from generate_series(1, ${rows}) i`,
        [user.id],
      );
      await query(`create index ${table}_owner on ${table} (owner_id)`);
      await query(`alter table ${table} enable row level security`);
      await query(
        `create policy own on ${table} using (owner_id = (select ${project.id}.${helper}()))`,
      );
      await query(`grant select on ${table} to ${app.name}`);
      await query(`analyze ${table}`);
    }
  });
});

function asUser<T>(work: (query: Query) => Promise<T>): Promise<T> {
  return app.transaction(async (query) => {
    await query("select set_config('jwt.claims.sub', $1, true)", [user.id]);
    await query("select set_config('jwt.token', $1, true)", [user.token]);
    return work(query);
  });
}

async function explain(query: Query, statement: string, options = "costs off"): Promise<Plan[]> {
  const [row] = await query<{ "QUERY PLAN": { Plan: Plan }[] }>(
    `explain (format json, ${options}) ${statement}`,
  );
  return row?.["QUERY PLAN"].flatMap(({ Plan: top }) => flat(top)) ?? [];
}

function flat(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flat)];
}

describe.each(["uid", "verified_uid", "live_uid"])(
  "a query under a policy with (select %s())",
  (helper) => {
    const all = `select id from big_${helper}`;

    it("calls the helper once, and finds the rows by their index (case 149)", async () => {
      const plan = await asUser((query) =>
        explain(query, all, "costs off, analyze, timing off, summary off"),
      );
      const once = plan.filter((node) => node["Parent Relationship"] === "InitPlan");
      expect(once.map((node) => node["Actual Loops"])).toEqual([1]);
      expect(plan.map((node) => node["Node Type"]).join()).toMatch(/Index/);
      expect(plan.map((node) => node["Node Type"]).join()).not.toMatch(/Seq Scan/);
      expect(await asUser((query) => query(all))).toHaveLength(rows / 200);
    });

    it("keeps a parallel plan (case 149)", async () => {
      const count = `select count(*)::int as found from big_${helper} where body like 'x%'`;
      await asUser(async (query) => {
        for (const cost of ["parallel_setup_cost", "parallel_tuple_cost"])
          await query(`set local ${cost} = 0`);
        await query("set local min_parallel_table_scan_size = 0");
        await query("set local max_parallel_workers_per_gather = 2");
        await query("set local enable_indexscan = off");
        await query("set local enable_bitmapscan = off");
        const plan = await explain(query, count);
        expect(plan.map((node) => node["Node Type"])).toContain("Gather");
        expect(
          plan.filter((node) => node["Parallel Aware"]).map((node) => node["Node Type"]),
        ).toContain("Seq Scan");
        expect(await query(count)).toEqual([{ found: rows / 200 }]);
      });
    });
  },
);

describe("uid()", () => {
  it("is inlined: the plan reads the setting and calls no function of that name (case 149)", async () => {
    const plan = await asUser(async (query) => {
      const lines = await query<{ "QUERY PLAN": string }>(
        `explain (verbose, costs off) select id from generate_series(1, 3) id where ${project.id}.uid() is null`,
      );
      return lines.map((line) => line["QUERY PLAN"]).join("\n");
    });
    expect(plan).toContain("current_setting('jwt.claims.sub'");
    expect(plan).not.toMatch(/\buid\(\)/);
  });
});
