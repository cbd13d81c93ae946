import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../src/projects/environment.ts";
import { requireProject } from "../../src/projects/registry.ts";
import { resumeProject, suspendProject } from "../../src/projects/state.ts";
import { createTestProject, goodPassword } from "../support/project.ts";
import { freshServer } from "../support/signing_keys.ts";

describe("a suspended project", () => {
  it("answers project_suspended everywhere, keeps all it has, and serves again when it is resumed", async () => {
    const project = await createTestProject();
    const { admin, keyring } = project.service;
    const session = await project.signUp();
    const email = session.user.email;
    const calls = [
      { path: "/signup", method: "POST", body: { email, password: goodPassword } },
      { path: "/token", method: "POST", body: { email, password: goodPassword } },
      { path: "/refresh", method: "POST", body: { refresh_token: session.refresh_token } },
      { path: "/logout", method: "POST", token: session.access_token },
      { path: "/user", token: session.access_token },
      { path: "/sessions", token: session.access_token },
      { path: "/settings" },
      { path: "/.well-known/jwks.json" },
    ];

    expect(await suspendProject(admin, project.id)).toBe(true);
    expect(await suspendProject(admin, project.id)).toBe(false);
    expect(await requireProject(admin, project.id)).toMatchObject({ state: "suspended" });
    const suspended = await freshServer();
    for (const { path, ...options } of calls) {
      const reply = await project.request(path, { ...options, auth: suspended });
      expect([path, reply.status, reply.body.error_code]).toEqual([path, 403, "project_suspended"]);
    }
    const health = await suspended.fetch(new Request("http://auth.test/health/ready"));
    expect(health.status).toBe(200);
    await suspended.close();
    const environment = await readEnvironment(admin, project.id, keyring, "http://auth.test");
    expect(environment.AUTH_JWT_SECRET).toBe(project.jwtSecret);

    expect(await resumeProject(admin, project.id)).toBe(true);
    expect(await resumeProject(admin, project.id)).toBe(false);
    const resumed = await freshServer();
    const own = { token: session.access_token, auth: resumed };
    expect((await project.request("/user", own)).status).toBe(200);
    await resumed.close();

    const events = await project.sql(
      `select event, detail ? 'by' as by from audit_log
       where event like 'project_%' order by id`,
    );
    expect(events.map(({ event, by }) => [event, by])).toEqual([
      ["project_suspended", true],
      ["project_resumed", true],
    ]);
  });

  it("has to exist", async () => {
    const { service } = await createTestProject();
    for (const change of [suspendProject, resumeProject]) {
      await expect(change(service.admin, "proj_none")).rejects.toMatchObject({
        code: "project_not_found",
      });
    }
  });
});
