import { expect, it } from "vitest";
import { setCustomClaims } from "../../src/projects/custom_claims.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "../support/access_tokens.ts";
import { createAppRole } from "../support/app_role.ts";
import { makeClaimsFunction } from "../support/claims_function.ts";
import { createTestProject } from "../support/project.ts";

it.each(["serialization_failure", "deadlock_detected"])(
  "a function for claims that met another transaction is called again, with the whole refresh: %s",
  async (condition) => {
    const project = await createTestProject();
    const owner = await createAppRole(project, { helpers: false });
    await project.sql(`grant usage on schema ${owner.schema} to miosa_auth_project`);
    await owner.transaction((query) => query("create sequence tries"));
    const { refresh_token } = await project.signUp();
    const name = await makeClaimsFunction(
      owner,
      `begin
        if nextval('tries') = 1 then raise ${condition}; end if;
        return p_claims || jsonb_build_object('tries', currval('tries'));
      end`,
    );
    await setCustomClaims(project.service.admin, project.id, name);
    const reply = await project.post<SessionReply>("/refresh", { refresh_token });
    expect(reply.status).toBe(200);
    expect(claimsOf(reply.body.access_token)).toMatchObject({ tries: 2 });
    expect(await project.sql("select from refresh_tokens")).toHaveLength(2);
  },
);
