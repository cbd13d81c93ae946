import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Instance, openInstance } from "../support/instance.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type TestProject,
} from "../support/project.ts";
import { endOf, openSession, refresh, rotate } from "../support/sessions.ts";

let project: TestProject;
let instances: Instance[];

beforeAll(async () => {
  project = await createTestProject({ sessions_per_user: 2 });
  instances = [openInstance(project.service), openInstance(project.service)];
});

afterAll(() => Promise.all(instances.map((instance) => instance.close())));

interface Open {
  readonly id: string;
  readonly accessToken: string;
  readonly first: string;
  readonly current: string;
}

async function open(): Promise<Open> {
  const { id, refreshToken } = await openSession(project);
  const { access_token, refresh_token } = await rotate(project, refreshToken);
  return { id, accessToken: access_token, first: refreshToken, current: refresh_token };
}

function on(index: number, options: { method?: string; token?: string } = {}) {
  return { ...options, ...instances[index % instances.length] };
}

/**
 * Starts refreshes, the ending and more refreshes at once, and presents every token of the race again
 * as soon as the ending is acknowledged and once more when all is quiet.
 */
async function race(session: Open, end: () => Promise<Reply<unknown>>): Promise<void> {
  const held = new Set([session.first, session.current]);
  const present = async (index: number) => {
    const { status, body } = await refresh(project, session.current, on(index));
    expect([200, 400]).toContain(status);
    if (status === 200) held.add(body.refresh_token);
  };
  const presentAll = async () => {
    const replies = await Promise.all(
      [...held].map((token, index) => refresh(project, token, on(index))),
    );
    return replies.map(({ status }) => status);
  };

  const before = [present(0), present(1)];
  const ending = end();
  const after = [present(0), present(1)];
  expect((await ending).status).toBe(204);
  expect(new Set(await presentAll())).toEqual(new Set([400]));
  await Promise.all([...before, ...after]);
  expect(new Set(await presentAll())).toEqual(new Set([400]));
}

describe("refreshes that race the end of their session", () => {
  it("leave no token alive after an acknowledged logout, 60 rounds (case 37)", async () => {
    for (let round = 0; round < 60; round += 1) {
      const session = await open();
      const scope = ["global", "local"][round % 2];
      await race(session, () =>
        project.request(
          `/logout?scope=${scope}`,
          on(round, { method: "POST", token: session.accessToken }),
        ),
      );
      expect(await endOf(project, session.id)).toBe("logout");
    }
  });

  it("leave no token alive after the session was ended by its id", async () => {
    for (let round = 0; round < 15; round += 1) {
      const session = await open();
      await race(session, () =>
        project.request(
          `/sessions/${session.id}`,
          on(round, { method: "DELETE", token: session.accessToken }),
        ),
      );
    }
  });

  it("leave nothing after the user was deleted", async () => {
    for (let round = 0; round < 15; round += 1) {
      const session = await open();
      await race(session, () =>
        project.request("/user", on(round, { method: "DELETE", token: session.accessToken })),
      );
      expect(await project.sql("select from sessions where id = $1", [session.id])).toEqual([]);
    }
  });
});

describe("sign-ins at once", () => {
  it("leave no more sessions than a user may have (case 45)", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        project.post("/token", { email, password: goodPassword }, on(index)),
      ),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    const live = await project.sql(
      `select from sessions s join users u on u.id = s.user_id
       where u.email = $1 and s.revoked_at is null`,
      [email],
    );
    expect(live).toHaveLength(2);
  });
});
