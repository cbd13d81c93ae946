import { Registry } from "prom-client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createUser } from "../../src/users/create.ts";
import { type Mailed, mailed, mailingProject } from "../support/mailed.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { listing, type RangeServer, startRangeServer } from "../support/range_server.ts";
import { samples } from "../support/scrape.ts";

const leaked = "a phrase that leaked";
const refused = {
  code: 422,
  error_code: "weak_password",
  msg: "Password stands in a known data leak, please choose a different one",
  weak_password: { reasons: ["pwned"] },
};

describe("a project with breached_passwords=check", () => {
  let range: RangeServer;
  let project: TestProject;
  let user: SessionReply;
  let byLink: Mailed;
  let byCode: Mailed;
  const opened: Auth[] = [];

  beforeAll(async () => {
    range = await startRangeServer(listing({ [leaked]: 3 }));
    project = await mailingProject();
    user = await project.signUp();
    byLink = await mailed(project, "recovery");
    byCode = await mailed(project, "recovery");
    // Another instance serves from here on: the worker's own would ask the public service.
    await changeSettings(project.service.admin, project.id, { breached_passwords: "check" });
  });
  beforeEach(() => {
    range.answer = listing({ [leaked]: 3 });
    range.asked.length = 0;
  });
  afterAll(async () => {
    await Promise.all(opened.map((auth) => auth.close()));
    await range.close();
  });

  function serve(metrics = new Registry()): Auth {
    const { runtime: database, masterKey, publicUrl } = project.service;
    const options = { database, masterKey, publicUrl, metrics, breachedPasswordsUrl: range.url };
    const auth = createAuth({ ...options, hasher: quickHasher() });
    opened.push(auth);
    return auth;
  }

  it("refuses a leaked one wherever one is chosen, and nothing is used up (case 202)", async () => {
    const auth = serve();
    const email = freshEmail();
    const token = user.access_token;
    const tries = (password: string) => [
      () => project.post("/signup", { email, password }, { auth }),
      () => project.request("/user", { method: "PATCH", body: { password }, token, auth }),
      () => project.request("/user", { method: "PUT", body: { password }, token, auth }),
      () => project.post("/reset", { token: byLink.token, password }, { auth }),
      () => project.post("/reset", { email: byCode.email, code: byCode.code, password }, { auth }),
    ];
    for (const attempt of tries(leaked)) {
      expect(await attempt()).toMatchObject({ status: 422, body: refused });
    }
    expect(await project.sql("select from users where email = $1", [email])).toEqual([]);
    for (const [n, attempt] of tries("a phrase of nobody else").entries()) {
      // The second change is to what the first one set.
      expect({ n, status: (await attempt()).status }).toEqual({ n, status: n === 2 ? 422 : 200 });
    }
  });

  it("refuses it for a user whom an operator makes (case 202)", async () => {
    const create = (password: string) =>
      createUser(
        project.service.admin,
        project.id,
        { email: freshEmail(), password },
        { breachedPasswordsUrl: range.url },
      );
    await expect(create(leaked)).rejects.toMatchObject({
      code: "weak_password",
      reasons: ["pwned"],
    });
    await range.close();
    expect((await create(leaked)).email).toContain("@");
    range = await startRangeServer(range.answer);
  });

  it("says the same of known and unknown addresses (case 202)", async () => {
    const auth = serve();
    for (const email of [byCode.email, freshEmail()]) {
      const signUp = await project.post("/signup", { email, password: leaked }, { auth });
      const code = { email, code: "123456", password: leaked };
      const reset = await project.post("/reset", code, { auth });
      for (const reply of [signUp, reset])
        expect(reply).toMatchObject({ status: 422, body: refused });
    }
  });

  it("goes on by the bundled list while the service is away, and counts that (case 202)", async () => {
    const metrics = new Registry();
    const auth = serve(metrics);
    const signUp = async (password: string) =>
      (await project.post("/signup", { email: freshEmail(), password }, { auth })).body;
    expect(await signUp(leaked)).toMatchObject(refused);
    expect(await signUp(goodPassword)).toHaveProperty("access_token");
    range.answer = (response) => response.writeHead(503).end();
    expect(await signUp("another phrase that leaked")).toHaveProperty("access_token");
    expect(await signUp("Password123")).toMatchObject({ weak_password: { reasons: ["pwned"] } });
    expect(await samples(metrics, "miosa_auth_breach_lookups_total")).toEqual([
      "outcome=clean: 1",
      "outcome=failed: 1",
      "outcome=hit: 1",
    ]);
  });

  it("does not start with an address that is never asked, and leaves nothing behind", async () => {
    const { runtime: database, masterKey, publicUrl } = project.service;
    const metrics = new Registry();
    const options = { database, masterKey, publicUrl, metrics };
    expect(() => createAuth({ ...options, breachedPasswordsUrl: "http://10.0.0.1" })).toThrow(
      "http on this machine",
    );
    expect(metrics.getMetricsAsArray()).toEqual([]);
  });

  it("is asked for nothing where the project did not choose it (case 202)", async () => {
    const other = await createTestProject();
    const body = { email: freshEmail(), password: leaked };
    expect((await other.post("/signup", body, { auth: serve() })).status).toBe(200);
    expect(range.asked).toEqual([]);
  });
});
