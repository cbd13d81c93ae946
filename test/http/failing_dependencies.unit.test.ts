import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DatabaseError } from "../../src/database/errors.ts";
import { AuthError } from "../../src/errors.ts";
import { startServer } from "../../src/http/server.ts";
import { type StubService, stubService } from "../support/stub_database.ts";

const secret = "select password_hash from users where email = 'ada@example.com'";

/** What drivers, libraries and mistakes throw. */
const thrown: [string, unknown][] = [
  ["an Error that quotes SQL", new Error(secret)],
  ["a TypeError", new TypeError(secret)],
  ["a driver's error", Object.assign(new Error(secret), { query: secret, params: [secret] })],
  ["the database's refusal", new DatabaseError("23505", "users_email_key", secret)],
  ["a string", secret],
  ["null", null],
  ["undefined", undefined],
  ["an object that is no error", { message: secret, status: 200, getResponse: () => secret }],
  ["an error with a status of its own", Object.assign(new Error(secret), { status: 200 })],
];

let service: StubService;
const unhandled: unknown[] = [];
const remember = (reason: unknown) => unhandled.push(reason);

beforeEach(() => {
  service = stubService();
  unhandled.length = 0;
  process.on("unhandledRejection", remember);
});
afterEach(async () => {
  process.off("unhandledRejection", remember);
  await service.auth.close();
});

async function signUp(): Promise<Response> {
  return service.auth.fetch(
    new Request(`${service.authUrl}/signup`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email: "ada@example.com", password: "a perfectly fine phrase" }),
    }),
  );
}

async function expectCleanFailure(reply: Response) {
  const text = await reply.text();
  expect([reply.status, JSON.parse(text)]).toEqual([
    500,
    {
      code: 500,
      error_code: "unexpected_failure",
      msg: "Unexpected failure, please check server logs",
    },
  ]);
  expect(text).not.toMatch(/ada@|select|users|23505| at |\.ts/);
  expect([...reply.headers].join()).not.toMatch(/ada@|select|users/);
}

describe("a dependency that throws (cases 144, 153)", () => {
  it.each(thrown)("makes a clean 500 of %s, and the next request is served", async (_, error) => {
    service.answer("signup", () => {
      throw error;
    });
    await expectCleanFailure(await signUp());
    service.answer("signup", () => ({ outcome: "user_already_exists" }));
    expect((await signUp()).status).toBe(422);
    expect(unhandled).toEqual([]);
  });

  it.each(thrown)(
    "makes a clean failure of %s from the look-up of the project",
    async (_, error) => {
      service.answer("find_project", () => {
        throw error;
      });
      await expectCleanFailure(await signUp());
      service.answer("find_project", () => null);
      expect((await signUp()).status).toBe(404);
      expect(unhandled).toEqual([]);
    },
  );

  it("makes a clean 500 of an answer that is not of the agreed form", async () => {
    for (const answer of [undefined, null, 7, "text", [], {}, { outcome: "no such code" }]) {
      service.answer("signup", () => answer);
      await expectCleanFailure(await signUp());
    }
  });

  it("answers 503 with Retry-After where the keys of a project cannot be used", async () => {
    for (const jwt_keys of [
      [],
      [{ kid: "k", algorithm: "HS256", state: "active", sealed: "00" }],
    ]) {
      const own = stubService();
      own.answer("configuration", () => ({ cors_origins: [], jwt_keys }));
      const reply = await own.auth.fetch(new Request(`${own.authUrl}/settings`));
      const text = await reply.text();
      expect([reply.status, JSON.parse(text).error_code]).toEqual([503, "service_unavailable"]);
      expect(reply.headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
      await own.auth.close();
    }
  });
});

describe("a server whose handler throws (case 153)", () => {
  it.each([
    ["a refusal", new AuthError("service_unavailable"), 503, "1"],
    ["an Error", new Error(secret), 500, null],
    ["a string", secret, 500, null],
  ])("answers %s in the one format", async (_, error, status, retryAfter) => {
    const fail = () => Promise.reject(error);
    const server = await startServer({ fetch: fail, host: "127.0.0.1", port: 0 });
    const reply = await fetch(`http://127.0.0.1:${server.port}/`);
    const text = await reply.text();
    expect([reply.status, reply.headers.get("Retry-After")]).toEqual([status, retryAfter]);
    expect(Object.keys(JSON.parse(text))).toEqual(["code", "error_code", "msg"]);
    expect(text).not.toMatch(/select|ada@/);
    await server.close(0);
  });
});
