import pg from "pg";
import { describe, expect, it } from "vitest";
import { changeSettings } from "../../src/projects/settings.ts";
import { claimsOf } from "../support/access_tokens.ts";
import { countingDeadlocks, untilWaiting } from "../support/locks.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type TestProject,
} from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";

interface Scene {
  readonly project: TestProject;
  readonly email: string;
  readonly token: string;
}

/**
 * Lets a logout of everything and another call meet in the middle of a user's sessions, which were
 * made in the opposite order of their ids, and returns both statuses and how many deadlocks Postgres
 * had to break.
 */
async function meet(other: (scene: Scene) => Promise<Reply>) {
  const project = await createTestProject();
  const { engine, admin } = project.service;
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  const deadlocks = countingDeadlocks(project);
  const email = freshEmail();
  const { access_token: token } = await project.signUp({ email });
  const ids = [9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
  for (const id of ids) {
    const { sub } = claimsOf(token);
    await project.sql("insert into sessions (id, user_id) values ($1, $2)", [id, sub]);
  }
  await changeSettings(admin, project.id, { sessions_per_user: 1 });

  const blocker = new pg.Client({ connectionString: engine.superUrl });
  await blocker.connect();
  await blocker.query("begin");
  await blocker.query(`select from ${project.id}.sessions where id = $1 for update`, [ids[4]]);
  const logout = project.post("/logout?scope=global", undefined, { token });
  await untilWaiting(project, 1);
  const met = other({ project, email, token });
  await untilWaiting(project, 2);
  await blocker.query("commit");
  await blocker.end();

  const statuses = { logout: (await logout).status, other: (await met).status };
  return { ...statuses, deadlocks: deadlocks() };
}

describe("whatever ends several sessions of a user locks them in one order (case 146)", () => {
  it("so a deletion of the user and a logout of everything do not wait for each other", async () => {
    const outcome = await meet(({ project, token }) =>
      project.request("/user", { method: "DELETE", token }),
    );
    expect(outcome).toEqual({ logout: 204, other: 204, deadlocks: 0 });
  });

  it("so a sign-in that ends those over the limit and a logout of everything do not either", async () => {
    const outcome = await meet(({ project, email }) =>
      project.post("/token", { email, password: goodPassword }),
    );
    expect(outcome).toEqual({ logout: 204, other: 200, deadlocks: 0 });
  });
});

describe("whatever mails to an address locks its budget before its user, new or not (case 146)", () => {
  it.each([
    ["a magic link", "/magiclink"],
    ["an invitation", "/invite"],
  ])("so %s and a sign-up of one new address do not wait for each other", async (_, path) => {
    const project = await createTestProject();
    const deadlocks = countingDeadlocks(project);
    const email = freshEmail();
    await project.sql("insert into mail_budgets values (sha256($1), '-infinity', now(), 0)", [
      Buffer.from(email),
    ]);
    const { asked, signedUp } = await project.transaction(async (query) => {
      await query("select from mail_budgets for update");
      const asked = project.post(path, { email }, { token: serviceToken(project) });
      await untilWaiting(project, 1);
      const signedUp = project.post("/signup", { email, password: goodPassword });
      await untilWaiting(project, 2);
      return { asked, signedUp };
    });
    expect([(await asked).status, (await signedUp).status]).toEqual([200, 422]);
    expect(deadlocks()).toBe(0);
  });
});
