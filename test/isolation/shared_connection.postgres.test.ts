import { describe, expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { createTestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";

async function sharedByTwo(deadline: number) {
  const { engine, runtimeRole, masterKey, publicUrl } = await openService();
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  const database = connectPostgres({ url: engine.url(runtimeRole), connections: 1, deadline });
  return { engine, database, auth: createAuth({ database, masterKey, publicUrl }) };
}

describe("one connection that two projects share, when a call does not end", () => {
  it("is given up at the deadline, and the late answer reaches nobody (case 123)", async () => {
    const { engine, database, auth } = await sharedByTwo(1_500);
    const [slow, other] = [await createTestProject(), await createTestProject()];
    const [mine, theirs] = [await slow.signUp(), await other.signUp()];
    const ask = (project: typeof slow, token: string) => project.request("/user", { token, auth });
    expect((await ask(slow, mine.access_token)).status).toBe(200);
    expect((await ask(other, theirs.access_token)).status).toBe(200);

    const blocker = await engine.connect("postgres");
    await blocker.query(`begin; lock table ${slow.id}.users in access exclusive mode`);
    const stuck = await ask(slow, mine.access_token);
    expect([503, 504]).toContain(stuck.status);
    const next = await ask(other, theirs.access_token);
    expect(next).toMatchObject({ status: 200, body: { id: theirs.user.id } });
    await blocker.query("rollback");
    await blocker.end();
    expect(await ask(slow, mine.access_token)).toMatchObject({
      status: 200,
      body: { id: mine.user.id },
    });
    await auth.close();
    await database.close();
  });

  it("is clean after a statement that the server cut short (case 123)", async () => {
    const { database, auth } = await sharedByTwo(5_000);
    const project = await createTestProject();
    const { access_token: token } = await project.signUp();
    const state = () =>
      database.transaction((tx) =>
        tx.query(`select pg_backend_pid() as backend, current_setting('search_path') as path,
          current_setting('statement_timeout') as timeout,
          nullif(current_setting('jwt.claims.sub', true), '') as sub`),
      );
    const clean = await state();
    await expect(
      database.transaction(async (tx) => {
        await tx.script(
          `set local search_path = ${project.id}; set local statement_timeout = '30ms'`,
        );
        await tx.query("select set_config('jwt.claims.sub', 'somebody', true)");
        await tx.query("select pg_sleep(5)");
      }),
    ).rejects.toMatchObject({ code: "request_timeout" });
    expect(await state()).toEqual(clean);
    expect((await project.request("/user", { token, auth })).status).toBe(200);
    await auth.close();
    await database.close();
  });
});
