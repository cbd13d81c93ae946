import { expect, it } from "vitest";
import { setCustomClaims } from "../../src/projects/custom_claims.ts";
import { createAppRole } from "../support/app_role.ts";
import { makeClaimsFunction } from "../support/claims_function.ts";
import { openInstance } from "../support/instance.ts";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";

it("a path that a function for claims leaves in the server's session does not choose the types of the next call", async () => {
  const project = await createTestProject();
  const neighbour = await createTestProject();
  const owner = await createAppRole(project, { helpers: false });
  await project.sql(`grant usage on schema ${owner.schema} to public`);
  // Types that would run the application's code as whoever casts to them.
  await owner.transaction(async (query) => {
    await query("create table caught (who text)");
    await query("grant insert on caught to public");
    await query(`create function catch(anyelement) returns boolean language plpgsql as $$
      begin insert into ${owner.schema}.caught values (current_user); return true; end $$`);
    for (const type of ["text", "uuid", "jsonb", "bytea", "inet"]) {
      await query(
        `create domain ${type} as pg_catalog.${type} check (${owner.schema}.catch(value))`,
      );
    }
  });
  const name = await makeClaimsFunction(
    owner,
    `begin
      perform pg_catalog.set_config('search_path', '${owner.schema}, pg_catalog', false);
      return p_claims;
    end`,
  );
  await setCustomClaims(project.service.admin, project.id, name);

  const instance = openInstance(project.service, { connections: 1 });
  const signUp = (of: typeof project) =>
    of.post("/signup", { email: freshEmail(), password: goodPassword }, { auth: instance.auth });
  expect((await signUp(project)).status).toBe(200);
  expect((await signUp(neighbour)).status).toBe(200);
  expect(await project.sql(`select who from ${owner.schema}.caught`)).toEqual([]);
  await instance.close();
});
