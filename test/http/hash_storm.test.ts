import { afterAll, beforeAll, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { refresh } from "../support/sessions.ts";

const waiting = 4;

let project: TestProject;
let auth: Auth;
let session: SessionReply;
beforeAll(async () => {
  // Slow enough that what needs no hash has time to come first.
  project = await createTestProject({ bcrypt_cost: 11 });
  const { runtime, masterKey, publicUrl } = project.service;
  const hashing = { concurrency: 1, maxQueue: waiting };
  auth = createAuth({ database: runtime, masterKey, publicUrl, hashing });
  session = await project.signUp();
});
afterAll(() => auth.close());

it("a storm of sign-ins is hashed as far as there is room and refused beyond, refreshes go before it, and it leaves nothing (case 193)", async () => {
  const ended: string[] = [];
  const storm = Array.from({ length: 5 * (waiting + 1) }, async () => {
    const credentials = { email: freshEmail(), password: goodPassword };
    const reply = await project.post("/token", credentials, { auth });
    if (reply.status !== 503) ended.push("hashed");
    else expect(reply.headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
    return reply.status;
  });
  for (let rotation = 0; rotation < 2; rotation += 1) {
    const { status, body } = await refresh(project, session.refresh_token, { auth });
    expect(status).toBe(200);
    session = body;
    ended.push("refreshed");
  }
  expect((await project.request("/user", { token: session.access_token, auth })).status).toBe(200);
  const statuses = await Promise.all(storm);

  // A slow machine makes room for some before the last have come.
  expect(statuses.filter((status) => status === 400).length).toBeGreaterThan(waiting);
  expect(new Set(statuses)).toEqual(new Set([400, 503]));
  expect(ended.lastIndexOf("refreshed")).toBeLessThan(ended.lastIndexOf("hashed"));
  const { email } = session.user;
  const after = await project.post("/token", { email, password: goodPassword }, { auth });
  expect(after.status).toBe(200);
});
