import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { untilWaiting } from "../support/locks.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const connectionsPerProject = 3;
const waiting = 6;
const calls = 14;

let stuck: TestProject;
let other: TestProject;
let instance: Instance;
beforeAll(async () => {
  stuck = await createTestProject();
  other = await createTestProject();
  instance = openInstance(stuck.service, { connections: 5, connectionsPerProject, waiting });
});
afterAll(() => instance.close());

function refresh(project: TestProject, session: SessionReply) {
  const body = { refresh_token: session.refresh_token };
  return project.post<SessionReply>("/refresh", body, { auth: instance.auth });
}

async function callsThatWait(): Promise<number> {
  const [row] = await other.sql<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and query like $1",
    [`%${stuck.id}%`],
  );
  return row?.n ?? 0;
}

describe("a project whose calls wait for a lock (case 128)", () => {
  it("holds as many connections as one project may, and the other's calls go on", async () => {
    const sessions = await Promise.all(Array.from({ length: calls }, () => stuck.signUp()));
    const neighbour = await other.signUp();
    let refreshes: ReturnType<typeof refresh>[] = [];

    await stuck.transaction(async (query) => {
      await query("select from sessions for update");
      refreshes = sessions.map((session) => refresh(stuck, session));
      await untilWaiting(stuck, connectionsPerProject);

      let session = neighbour;
      for (let time = 0; time < 20; time += 1) {
        const reply = await refresh(other, session);
        expect(reply.status).toBe(200);
        session = reply.body;
        const user = { auth: instance.auth, token: session.access_token };
        expect((await other.request("/user", user)).status).toBe(200);
      }
      const several = Array.from({ length: 3 }, () =>
        other.request("/user", { auth: instance.auth, token: session.access_token }),
      );
      for (const { status } of await Promise.all(several)) expect(status).toBe(200);
      expect(await callsThatWait()).toBe(connectionsPerProject);
    });

    // Those that held a connection or waited are served; the rest were refused, and to this project alone.
    const replies = await Promise.all(refreshes);
    const refused = replies.filter(({ status }) => status === 503);
    expect(replies.filter(({ status }) => status === 200).length + refused.length).toBe(calls);
    expect(refused.length).toBeGreaterThanOrEqual(calls - connectionsPerProject - waiting);
    for (const { headers } of refused) expect(headers.get("retry-after")).toBe("1");
    // A refusal costs nobody its session.
    const refusedSessions = sessions.filter((_, index) => replies[index]?.status === 503);
    for (const session of refusedSessions) {
      expect((await refresh(stuck, session)).status).toBe(200);
    }
  });
});
