import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ageSession } from "../support/age.ts";
import { openInstance } from "../support/instance.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";
import { endOf, openSession, refresh, rotate } from "../support/sessions.ts";

const alreadyUsed = { status: 400, body: { error_code: "refresh_token_already_used" } };
const gone = { status: 400, body: { error_code: "session_not_found" } };
const unavailable = { status: 503, body: { error_code: "service_unavailable" } };

let own: OwnServer;

beforeAll(async () => {
  own = await openOwnServer();
});

afterAll(() => own.close());

/** A session whose first token was used, and its child too, a while ago. */
async function open() {
  const { project } = own;
  const { id, refreshToken } = await openSession(project);
  const child = await rotate(project, refreshToken);
  const { access_token, refresh_token } = await rotate(project, child.refresh_token);
  await ageSession(project, id, "11 seconds");
  return { id, first: refreshToken, current: refresh_token, access_token };
}

describe("what was decided about sessions", () => {
  it.each(["fast", "immediate"] as const)(
    "outlives a restart of Postgres (%s) and of the service (case 34)",
    async (how) => {
      const { project, server } = own;
      const [live, old] = [await open(), await open()];
      const [replayed, loggedOut] = [await open(), await open()];
      expect(await refresh(project, replayed.first)).toMatchObject(alreadyUsed);
      const logout = { method: "POST", token: loggedOut.access_token };
      expect((await project.request("/logout", logout)).status).toBe(204);

      await server.restart(how);
      const instance = openInstance(project.service);
      const { auth } = instance;
      for (const { first, current } of [replayed, loggedOut]) {
        expect(await refresh(project, current, { auth })).toMatchObject(gone);
        expect(await refresh(project, first, { auth })).toMatchObject(gone);
      }
      expect((await refresh(project, live.current, { auth })).status).toBe(200);
      // A token that was used before the restart is still known as used.
      expect(await refresh(project, old.first, { auth })).toMatchObject(alreadyUsed);
      expect(await endOf(project, old.id)).toBe("refresh_token_reuse");
      await instance.close();
    },
  );
});

// Last in the file: the server does not come back.
describe("while Postgres is down", () => {
  it("a logout is never acknowledged, by an instance that knew the project or a new one (case 36)", async () => {
    const { project, server } = own;
    const { access_token: token, current } = await open();
    await server.stop();
    const instance = openInstance(project.service);
    for (const auth of [project.service.auth, instance.auth]) {
      const replies = [
        await project.request("/logout", { method: "POST", token, auth }),
        await project.post("/logout", { refresh_token: current }, { auth }),
        await refresh(project, current, { auth }),
        await project.request("/user", { token, auth }),
      ];
      for (const reply of replies) {
        expect(reply).toMatchObject(unavailable);
        expect(JSON.stringify(reply.body)).not.toMatch(/ECONN|127\.0\.0\.1|connect/);
      }
    }
    await instance.close();
  });
});
