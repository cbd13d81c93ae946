import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Instance, openInstance } from "../support/instance.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { countLeaves, endOf, openSession, refresh, rotate } from "../support/sessions.ts";

let project: TestProject;
let instances: Instance[];

beforeAll(async () => {
  project = await createTestProject();
  instances = [openInstance(project.service), openInstance(project.service)];
});

afterAll(() => Promise.all(instances.map((instance) => instance.close())));

/** Presents the tokens at once, to the instances in turn. */
function refreshAtOnce(tokens: readonly string[]) {
  return Promise.all(
    tokens.map((token, index) => refresh(project, token, instances[index % instances.length])),
  );
}

/** Pairs of a token's place in its lineage and the number of its children. */
async function shape(sessionId: string): Promise<number[]> {
  const rows = await project.sql<{ children: number }>(
    `select (select count(*)::int from refresh_tokens c where c.parent_id = t.id) as children
     from refresh_tokens t where session_id = $1 order by id`,
    [sessionId],
  );
  return rows.map(({ children }) => children);
}

describe("parallel refreshes with one token, over two instances (case 28)", () => {
  it.each([
    [20, 40],
    [50, 8],
  ])(
    "%i at once, %i rounds: all get the same child, and the session lives",
    async (calls, rounds) => {
      const session = await openSession(project);
      let token = session.refreshToken;
      for (let round = 0; round < rounds; round += 1) {
        const replies = await refreshAtOnce(Array(calls).fill(token));
        expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
        const children = new Set(replies.map(({ body }) => body.refresh_token));
        expect(children.size).toBe(1);
        const [child = ""] = children;
        expect(child).not.toBe(token);
        token = child;
      }
      expect(await shape(session.id)).toEqual([...Array(rounds).fill(1), 0]);
      expect(await endOf(project, session.id)).toBeNull();
    },
  );
});

describe("parallel refreshes with tokens of different age", () => {
  it("go on in one lineage: each gets the one child of what it presented", async () => {
    for (let round = 0; round < 15; round += 1) {
      const session = await openSession(project);
      const first = session.refreshToken;
      const second = (await rotate(project, first)).refresh_token;
      const third = (await rotate(project, second)).refresh_token;
      const presented = Array.from({ length: 21 }, (_, index) => [first, second, third][index % 3]);
      const replies = await refreshAtOnce(presented as string[]);

      const childOf = (parent: string) =>
        new Set(
          replies.flatMap(({ body }, index) =>
            presented[index] === parent ? [body.refresh_token] : [],
          ),
        );
      expect(childOf(first)).toEqual(new Set([second]));
      expect(childOf(second)).toEqual(new Set([third]));
      expect(childOf(third).size).toBe(1);
      expect(await shape(session.id)).toEqual([1, 1, 1, 0]);
    }
  });

  it("end the session for all of them when one is a replay that is too old", async () => {
    for (let round = 0; round < 15; round += 1) {
      const session = await openSession(project);
      const second = (await rotate(project, session.refreshToken)).refresh_token;
      const third = (await rotate(project, second)).refresh_token;
      await project.sql(
        `update refresh_tokens set used_at = used_at - interval '1 hour', wrapped = null
         where session_id = $1 and parent_id is null`,
        [session.id],
      );
      const tokens = [third, third, session.refreshToken, third, third, session.refreshToken];
      const replies = await refreshAtOnce(tokens);

      expect(replies.map(({ status }) => status)).not.toContain(500);
      expect(await endOf(project, session.id)).toBe("refresh_token_reuse");
      expect(await countLeaves(project, session.id)).toBe(1);
      // Whoever won a child before the replay came holds nothing now.
      const won = replies.flatMap(({ status, body }) =>
        status === 200 ? [body.refresh_token] : [],
      );
      for (const { status } of await refreshAtOnce([third, ...won])) expect(status).toBe(400);
    }
  });
});
