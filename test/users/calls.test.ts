import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHasher } from "../../src/passwords/hasher.ts";
import { newSalt } from "../../src/passwords/salt.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { type CountingService, openCountingService } from "../support/counting.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

describe("what a request costs, once its project is known", () => {
  const email = freshEmail();
  const credentials = { email, password: goodPassword };
  let counting: CountingService;
  let project: TestProject;
  let session: SessionReply;

  beforeAll(async () => {
    counting = await openCountingService();
    project = await createTestProject();
  });
  afterAll(() => counting.auth.close());

  function cost(path: string, options: { method?: string; body?: unknown; token?: string }) {
    const { auth } = counting;
    return counting.measure(project, () => project.request(path, { auth, ...options }));
  }

  it("is one SQL call and one hash for a sign-up", async () => {
    const { calls, hashes, value } = await cost("/signup", { method: "POST", body: credentials });
    expect(value.status).toBe(200);
    expect(calls).toEqual(["signup"]);
    expect(hashes).toEqual(["$2a$10$"]);
    session = value.body as unknown as SessionReply;
  });

  it("is two SQL calls and one hash for a sign-in", async () => {
    const { calls, hashes, value } = await cost("/token", { method: "POST", body: credentials });
    expect(value.status).toBe(200);
    expect(calls).toEqual(["password_salt", "login"]);
    expect(hashes).toEqual(["$2a$10$"]);
  });

  it("is one SQL call and no hash for get-user and for refresh", async () => {
    const user = await cost("/user", { token: session.access_token });
    expect(user.value.status).toBe(200);
    expect(user).toMatchObject({ calls: ["get_user"], hashes: [] });

    const body = { refresh_token: session.refresh_token };
    const refreshed = await cost("/refresh", { method: "POST", body });
    expect(refreshed.value.status).toBe(200);
    expect(refreshed).toMatchObject({ calls: ["refresh"], hashes: [] });
  });

  it("is nothing for a sign-in that a full queue of hashes would not take", async () => {
    const hasher = createHasher({ concurrency: 1, maxQueue: 0 });
    const full = await openCountingService(hasher);
    const running = hasher.hash(goodPassword, newSalt(10), project.id);
    const { calls, hashes, value } = await full.measure(project, () =>
      project.post("/token", credentials, { auth: full.auth }),
    );
    expect(value).toMatchObject({ status: 503, body: { error_code: "service_unavailable" } });
    expect({ calls, hashes }).toEqual({ calls: [], hashes: [] });
    await running;
    expect((await project.post("/token", credentials, { auth: full.auth })).status).toBe(200);
    await full.auth.close();
  });

  it("is nothing for what is malformed", async () => {
    const refusals = [
      await cost("/token", { method: "POST", body: { email: "nobody", password: goodPassword } }),
      await cost("/signup", { method: "POST", body: { email, password: "short" } }),
      await cost("/refresh", { method: "POST", body: { refresh_token: "garbage" } }),
      await cost("/user", { token: "garbage" }),
    ];
    for (const { calls, hashes, value } of refusals) {
      expect(value.status).toBeGreaterThanOrEqual(400);
      expect({ calls, hashes }).toEqual({ calls: [], hashes: [] });
    }
  });

  it("is a third SQL call and a second hash for the sign-in that renews a hash", async () => {
    await project.sql("update settings set bcrypt_cost = 11");
    const raised = await openCountingService();
    const signIn = () =>
      raised.measure(project, () => project.post("/token", credentials, { auth: raised.auth }));

    const first = await signIn();
    expect(first.value.status).toBe(200);
    expect(first.calls).toEqual(["password_salt", "login", "renew_password_hash"]);
    expect(first.hashes).toEqual(["$2a$10$", "$2a$11$"]);

    const second = await signIn();
    expect(second.calls).toEqual(["password_salt", "login"]);
    expect(second.hashes).toEqual(["$2a$11$"]);
    await raised.auth.close();
  });
});
