import { readFileSync, statSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { type PruneStep, projectFunctions } from "../../src/database/functions.ts";
import { untilWaiting } from "../support/locks.ts";
import { named } from "../support/own_names.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import {
  countLeaves,
  countRows,
  endSession,
  type OpenedSession,
  openSession,
  refresh,
  rotate,
} from "../support/sessions.ts";

let project: TestProject;
beforeEach(async () => {
  project = await createTestProject();
});

const step = (rows: number, from: PruneStep["next"] = null) =>
  projectFunctions(project.service.runtime, project.id).prune(rows, from);

/** A session of two tokens that is over for long. */
async function endedSession(userId?: string): Promise<OpenedSession & { tokens: string[] }> {
  const session = await openSession(project, userId);
  const { refresh_token } = await rotate(project, session.refreshToken);
  await endSession(project, session.id, "8 days");
  return { ...session, tokens: [session.refreshToken, refresh_token] };
}

/** A transaction of another that holds `rows` until it is told to let go. */
async function holding(rows: string) {
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  const other = await engine.connect("postgres");
  await other.query(`begin; set local search_path = ${project.id}, pg_temp`);
  await other.query(named(rows, project.id));
  return async () => {
    await other.query("commit");
    await other.end();
  };
}

describe("pruning beside requests (case 199)", () => {
  it("disturbs no refresh, sign-in or logout, and answers ended tokens with a refusal", async () => {
    const { engine } = project.service;
    if (engine.kind !== "postgres") throw new Error("this needs a server");
    const start = statSync(engine.logFile).size;
    const living = await Promise.all(Array.from({ length: 6 }, () => openSession(project)));
    const users = living.map(({ userId }) => userId);
    const ended = await Promise.all(users.flatMap((id) => [endedSession(id), endedSession(id)]));
    const refusals: number[] = [];
    const tokens = living.map(({ refreshToken }) => refreshToken);
    let isOver = false;

    const pruning = [1, 2].map(async () => {
      let from: PruneStep["next"] = null;
      while (!isOver) from = (await step(2, from)).next;
    });
    for (let round = 0; round < 10; round += 1) {
      const replies = tokens.map(async (token, index) => {
        tokens[index] = (await rotate(project, token)).refresh_token;
      });
      const late = ended.flatMap((session) =>
        session.tokens.map(async (token) => {
          refusals.push((await refresh(project, token)).status);
        }),
      );
      const goodbye = await openSession(project, users[0]);
      const { access_token: token } = await rotate(project, goodbye.refreshToken);
      const out = await project.request("/logout?scope=local", { method: "POST", token });
      expect(out.status).toBe(204);
      await Promise.all([...replies, ...late]);
    }
    isOver = true;
    await Promise.all(pruning);

    expect(new Set(refusals)).toEqual(new Set([400]));
    for (const { id } of living) expect(await countLeaves(project, id)).toBe(1);
    while ((await step(100)).next);
    expect(await countRows(project, "sessions")).toBe(6 + 10);
    const log = readFileSync(engine.logFile).subarray(start).toString("utf8");
    expect(log).not.toMatch(/deadlock detected|ERROR/);
  });

  it("passes over what another holds, and waits for nobody", async () => {
    const [held, withCode, free] = [
      await endedSession(),
      await endedSession(),
      await endedSession(),
    ];
    await project.sql(
      `insert into authorization_codes (user_id, code_hash, code_challenge, method, session_id, expires_at)
       values ($1, sha256('c'), repeat('a', 43), 'otp', $2, now())`,
      [withCode.userId, withCode.id],
    );
    const letGo = await holding(
      `select from sessions where id = '${held.id}' for no key update;
       select from authorization_codes for update`,
    );
    await step(100);
    const left = await project.sql<{ id: string }>("select id from sessions order by id");
    expect(left.map(({ id }) => id)).toEqual([held.id, withCode.id].sort());
    expect(left.map(({ id }) => id)).not.toContain(free.id);
    await letGo();
    await step(100);
    expect(await countRows(project, "sessions")).toBe(0);
    expect(await countRows(project, "authorization_codes")).toBe(0);
  });

  it("refuses tokens that it forgets while their refresh waits for it", async () => {
    const { tokens } = await endedSession();
    const letGo = await holding("select prune(1, null)");
    const replies = tokens.map((token) => refresh(project, token));
    await untilWaiting(project, 2);
    await letGo();
    for (const reply of await Promise.all(replies)) expect(reply.status).toBe(400);
  });
});
