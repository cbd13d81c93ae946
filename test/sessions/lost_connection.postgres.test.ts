import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ageSession } from "../support/age.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { calling } from "../support/own_names.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { endOf, openSession, refresh, rotate } from "../support/sessions.ts";
import { startProxy, type TcpProxy } from "../support/tcp_proxy.ts";

let project: TestProject;
let proxy: TcpProxy;
let instance: Instance;

beforeAll(async () => {
  project = await createTestProject();
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("there is no connection to lose");
  proxy = await startProxy(engine.server.port);
  const url = proxy.through(engine.url(runtimeRole));
  instance = openInstance(project.service, { url, deadline: 500 });
});

afterAll(async () => {
  await instance.close();
  await proxy.close();
});

/** A session that this instance has refreshed, so that it knows the project. */
async function open() {
  const session = await openSession(project);
  const tokens = await rotate(project, session.refreshToken, { auth: instance.auth });
  return { id: session.id, ...tokens };
}

async function children(sessionId: string): Promise<number> {
  const rows = await project.sql("select from refresh_tokens where session_id = $1", [sessionId]);
  return rows.length - 2;
}

const unavailable = { status: 503, body: { error_code: "service_unavailable" } };

describe("a refresh whose connection to Postgres is lost", () => {
  it.each([
    ["cut after", "1 second"],
    ["cut after", "1 hour"],
    ["silence", "1 second"],
  ] as const)(
    "after its commit (%s) is not run again, and a retry %s later goes on in one lineage (case 30)",
    async (accident, interval) => {
      const { auth } = instance;
      const { id, refresh_token } = await open();
      const happened = proxy.once(accident, calling(project.id, "refresh"));
      const lost = await refresh(project, refresh_token, { auth });
      await happened;

      expect(lost).toMatchObject(unavailable);
      expect(lost.headers.get("Retry-After")).toMatch(/^\d+$/);
      expect(await children(id)).toBe(1);

      await ageSession(project, id, interval);
      const child = await rotate(project, refresh_token, { auth });
      expect(await children(id)).toBe(1);
      const grandchild = await rotate(project, child.refresh_token, { auth });
      expect(await children(id)).toBe(2);
      const user = { token: grandchild.access_token, auth };
      expect((await project.request("/user", user)).status).toBe(200);
      expect(await endOf(project, id)).toBeNull();
    },
  );

  it("before its commit has changed nothing, and a retry is a first try", async () => {
    const { auth } = instance;
    const { id, refresh_token } = await open();
    const happened = proxy.once("cut before", calling(project.id, "refresh"));
    expect(await refresh(project, refresh_token, { auth })).toMatchObject(unavailable);
    await happened;
    expect(await children(id)).toBe(0);

    await rotate(project, refresh_token, { auth });
    expect(await children(id)).toBe(1);
  });
});

describe("a logout", () => {
  it.each(["cut before", "cut after"] as const)(
    "is never acknowledged when nobody knows whether it happened (%s), and can be retried (case 36)",
    async (accident) => {
      const { auth } = instance;
      const { id, access_token: token, refresh_token } = await open();
      const logout = () => project.request("/logout", { method: "POST", token, auth });
      const happened = proxy.once(accident, calling(project.id, "logout"));
      expect(await logout()).toMatchObject(unavailable);
      await happened;
      expect(await endOf(project, id)).toBe(accident === "cut after" ? "logout" : null);

      expect((await logout()).status).toBe(204);
      expect(await endOf(project, id)).toBe("logout");
      expect((await refresh(project, refresh_token, { auth })).status).toBe(400);
    },
  );

  it("is 503 while the database cannot be reached, and the session goes on (case 36)", async () => {
    const { auth } = instance;
    const { access_token: token, refresh_token } = await open();
    const logout = (options: object) =>
      project.post("/logout", { refresh_token }, { auth, ...options });
    proxy.refuse();
    for (const options of [{ token }, {}]) {
      expect(await logout(options)).toMatchObject(unavailable);
    }
    expect(await refresh(project, refresh_token, { auth })).toMatchObject(unavailable);

    proxy.allow();
    const next = await rotate(project, refresh_token, { auth });
    expect((await logout({ token })).status).toBe(204);
    expect((await refresh(project, next.refresh_token, { auth })).status).toBe(400);
  });
});
