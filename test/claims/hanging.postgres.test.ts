import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { setCustomClaims } from "../../src/projects/custom_claims.ts";
import { createAppRole } from "../support/app_role.ts";
import { makeClaimsFunction } from "../support/claims_function.ts";
import { openInstance } from "../support/instance.ts";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";

describe("a function for claims that hangs", () => {
  it("is ended by the statement's deadline with a 504, and holds up nobody else", async () => {
    const project = await createTestProject();
    const { engine, admin } = project.service;
    if (engine.kind !== "postgres") throw new Error("this needs a server");
    const role = `limited_${randomBytes(4).toString("hex")}`;
    await engine.query(`create role ${role} login in role miosa_auth_runtime`);
    await engine.query(`alter role ${role} set statement_timeout = '2s'`);
    const owner = await createAppRole(project, { helpers: false });
    await project.sql(`grant usage on schema ${owner.schema} to miosa_auth_project`);
    const name = await makeClaimsFunction(
      owner,
      `begin
        set local statement_timeout = 0;
        if p_claims -> 'user_metadata' ? 'hang' then perform pg_sleep(3600); end if;
        return p_claims;
      exception when others then return p_claims;
      end`,
    );
    await setCustomClaims(admin, project.id, name);

    const instance = openInstance(project.service, { url: engine.url(role) });
    const signUp = (email: string, data: object) =>
      project.post("/signup", { email, password: goodPassword, data }, { auth: instance.auth });
    const stuck = freshEmail();
    let isOver = false;
    const hanging = signUp(stuck, { hang: true }).finally(() => {
      isOver = true;
    });
    const others = await Promise.all([1, 2, 3].map(() => signUp(freshEmail(), {})));
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(isOver).toBe(false);
    expect(await hanging).toMatchObject({ status: 504, body: { error_code: "request_timeout" } });
    expect(await project.sql("select from users where email = $1", [stuck])).toEqual([]);
    await instance.close();
  });
});
