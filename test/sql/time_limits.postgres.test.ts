import { randomBytes } from "node:crypto";
import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { openInstance } from "../support/instance.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
let email: string;
beforeAll(async () => {
  project = await createTestProject();
  email = freshEmail();
  await project.signUp({ email });
});

/** A server's login with one limit of a second instead of the usual ones. */
async function loginWith(limit: string): Promise<string> {
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  const role = `limited_${randomBytes(4).toString("hex")}`;
  await engine.query(`create role ${role} login in role miosa_auth_runtime`);
  await engine.query(`alter role ${role} set ${limit} = '1s'`);
  return engine.url(role);
}

describe("a client that holds a user's row and does nothing", () => {
  it.each(["lock_timeout", "statement_timeout"])(
    "delays a sign-in no longer than the server's %s (case 145)",
    async (limit) => {
      const { engine } = project.service;
      if (engine.kind !== "postgres") throw new Error("this needs a server");
      const instance = openInstance(project.service, { url: await loginWith(limit) });
      const stuck = new pg.Client({ connectionString: engine.superUrl });
      await stuck.connect();
      await stuck.query("begin");
      await stuck.query(`select from ${project.id}.users for update`);

      const signIn = () =>
        project.post("/token", { email, password: goodPassword }, { auth: instance.auth });
      expect(await signIn()).toMatchObject({
        status: 504,
        body: { error_code: "request_timeout" },
      });

      await stuck.query("rollback");
      await stuck.end();
      expect((await signIn()).status).toBe(200);
      await instance.close();
    },
  );
});
