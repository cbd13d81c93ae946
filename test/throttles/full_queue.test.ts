import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { AuthError } from "../../src/errors.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { ageBudgets } from "../support/age.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

const wrong = "not the password";
let project: TestProject;
let auth: Auth;
let isFull = false;

beforeAll(async () => {
  project = await createTestProject();
  const { runtime, masterKey, publicUrl } = project.service;
  const quick = quickHasher();
  const hash: typeof quick.hash = async (...args) => {
    if (isFull) throw new AuthError("service_unavailable", { retryAfter: 1 });
    return quick.hash(...args);
  };
  auth = createAuth({ database: runtime, masterKey, publicUrl, hasher: { ...quick, hash } });
});
afterAll(async () => {
  await auth?.close();
});
beforeEach(() => {
  isFull = false;
});

async function signUp() {
  const email = freshEmail();
  const { body } = await project.post("/signup", { email, password: goodPassword }, { auth });
  return { email, token: String(body.access_token) };
}

async function signIn(email: string, password: string): Promise<number> {
  return (await project.post("/token", { email, password }, { auth })).status;
}

async function whileFull<T>(work: () => Promise<T>): Promise<T> {
  isFull = true;
  const result = await work();
  isFull = false;
  return result;
}

describe("a guess that the server has no room to hash", () => {
  it("is none: whoever comes again as the 503 says is not out of guesses for it (case 13)", async () => {
    const { email } = await signUp();
    const refused = await whileFull(async () => {
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 12; attempt += 1) {
        statuses.push(await signIn(email, goodPassword));
      }
      return statuses;
    });
    expect(new Set(refused)).toEqual(new Set([503]));
    expect(await signIn(email, goodPassword)).toBe(200);
    expect(await project.sql("select count(*)::int as n from login_attempts")).toEqual([{ n: 0 }]);
  });

  it("is none where the current password is asked for", async () => {
    const { email, token } = await signUp();
    const body = { current_password: wrong, password: "an entirely new phrase" };
    const options = { method: "PUT", token, auth, body };
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const { status } = await whileFull(() => project.request("/user", options));
      expect(status).toBe(503);
    }
    expect((await project.request("/user", options)).status).toBe(400);
    expect(await signIn(email, goodPassword)).toBe(200);
  });

  it("leaves those that were made in their place: ten wrong ones are ten, whatever comes between (case 14)", async () => {
    const { email } = await signUp();
    for (let failure = 1; failure <= 10; failure += 1) {
      expect(await whileFull(() => signIn(email, wrong))).toBe(503);
      expect(await signIn(email, wrong)).toBe(400);
    }
    expect(await whileFull(() => signIn(email, wrong))).toBe(429);
    expect(await signIn(email, goodPassword)).toBe(429);
  });

  it("leaves a wait that others have earned: one more after ten wrong ones starts the next all the same", async () => {
    const { email } = await signUp();
    for (let failure = 1; failure <= 10; failure += 1) await signIn(email, wrong);
    await ageBudgets(project, "61 seconds");
    expect(await whileFull(() => signIn(email, goodPassword))).toBe(503);
    expect(await signIn(email, goodPassword)).toBe(429);
  });
});
