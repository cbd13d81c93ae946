import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { banUser } from "../../src/users/manage.ts";
import { openRotated, type RotatedSession, raceEnd } from "../support/end_race.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { mailedProved, mailingProject, reset } from "../support/mailed.ts";
import { freshEmail, goodPassword, type Reply, type TestProject } from "../support/project.ts";
import { endOf, insertUser, refresh } from "../support/sessions.ts";

let project: TestProject;
let instances: Instance[];

beforeAll(async () => {
  project = await mailingProject({ sessions_per_user: 2 });
  instances = [openInstance(project.service), openInstance(project.service)];
});

afterAll(() => Promise.all(instances.map((instance) => instance.close())));

function on(index: number, options: { method?: string; token?: string } = {}) {
  return { ...options, ...instances[index % instances.length] };
}

function race(
  session: RotatedSession,
  end: () => Promise<Pick<Reply<unknown>, "status">>,
): Promise<number> {
  return raceEnd(session, (token, index) => refresh(project, token, on(index)), end);
}

describe("refreshes that race the end of their session", () => {
  it("leave no token alive after an acknowledged logout, 40 rounds (case 37)", async () => {
    for (let round = 0; round < 40; round += 1) {
      const session = await openRotated(project);
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
      const session = await openRotated(project);
      await race(session, () =>
        project.request(
          `/sessions/${session.id}`,
          on(round, { method: "DELETE", token: session.accessToken }),
        ),
      );
    }
  });

  it("leave no token alive after the password was set anew by mail (case 37)", async () => {
    for (let round = 0; round < 4; round += 1) {
      const mail = await mailedProved(project, "recovery");
      const session = await openRotated(project, mail.session.user.id);
      await race(session, () => reset(project, mail, on(round)));
      expect(await endOf(project, session.id)).toBe("password_reset");
    }
  });

  it("leave no token of use once the user is banned (case 39)", async () => {
    for (let round = 0; round < 8; round += 1) {
      const userId = await insertUser(project);
      const session = await openRotated(project, userId);
      await race(session, async () => {
        await banUser(project.service.admin, project.id, userId, "forever");
        return { status: 204 };
      });
    }
  });

  it("leave nothing after the user was deleted", async () => {
    for (let round = 0; round < 15; round += 1) {
      const session = await openRotated(project);
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
