import { expect, it } from "vitest";
import { createAppRole } from "../support/app_role.ts";
import { createTestProject } from "../support/project.ts";

it("the helpers say the same in a parallel worker as in its leader (case 149)", async () => {
  const project = await createTestProject();
  const app = await createAppRole(project);
  const { access_token, user } = await project.signUp();
  const claims = { sub: user.id, role: "authenticated" };
  const forced =
    project.service.engine.major >= 16 ? "debug_parallel_query" : "force_parallel_mode";

  const [row] = await app.transaction(async (query) => {
    await query("select set_config('jwt.token', $1, true)", [access_token]);
    await query("select set_config('jwt.claims', $1, true)", [JSON.stringify(claims)]);
    await query("create table one as select 1 as id");
    await query(`set local ${forced} = on`);
    const select = `select ${project.id}.uid(), ${project.id}.verified_uid(), ${project.id}.live_uid(),
      ${project.id}.role(), ${project.id}.claims() from one`;
    const plan = await query<{ "QUERY PLAN": string }>(`explain (analyze, costs off) ${select}`);
    expect(plan.map((line) => line["QUERY PLAN"]).join()).toContain("Workers Launched: 1");
    return query(select);
  });
  expect(row).toEqual({
    uid: user.id,
    verified_uid: user.id,
    live_uid: user.id,
    role: "authenticated",
    claims,
  });
});
