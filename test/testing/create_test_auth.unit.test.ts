import jwt from "jsonwebtoken";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestAuth, type TestAuth } from "../../src/testing/index.ts";

let auth: TestAuth;

beforeAll(async () => {
  auth = await createTestAuth({
    settings: { session_lifetime: 30 * 86_400 },
    setup: `
      create table notes (
        owner_id uuid not null default proj_test.verified_uid()
          references proj_test.users (id) on delete cascade,
        body text not null
      );
      alter table notes enable row level security;
      create policy own_notes on notes to app_user using (owner_id = (select proj_test.verified_uid()));
      grant select, insert on notes to app_user;`,
  });
});
beforeEach(() => auth.reset());
afterAll(() => auth.close());

const write = (body: string) => (query: Parameters<Parameters<TestAuth["asUser"]>[1]>[0]) =>
  query("insert into notes (body) values ($1)", [body]);

describe("a test's own auth service", () => {
  it("signs up through the API and gives tokens that verify", async () => {
    const ada = await auth.signUp({ email: "ada@example.com", data: { name: "Ada" } });
    expect(jwt.verify(ada.access_token, auth.jwtSecret)).toMatchObject({ sub: ada.user.id });
    expect(ada.user).toMatchObject({ email: "ada@example.com", user_metadata: { name: "Ada" } });
  });

  it("runs queries as a user, whose policies see a proved identity", async () => {
    const [ada, grace] = [await auth.signUp(), await auth.signUp()];
    await auth.asUser(ada, write("ada's"));
    await auth.asUser(grace, write("grace's"));
    const seen = await auth.asUser(ada, (query) => query("select body from notes"));
    expect(seen).toEqual([{ body: "ada's" }]);
  });

  it("runs queries as nobody", async () => {
    await auth.asUser(await auth.signUp(), write("hidden"));
    expect(await auth.asAnonymous((query) => query("select * from notes"))).toEqual([]);
  });

  it("lets a session's time pass", async () => {
    const ada = await auth.signUp();
    const user = () =>
      auth.fetch("/user", { headers: { Authorization: `Bearer ${ada.access_token}` } });
    expect((await user()).status).toBe(200);
    await auth.age(ada, "31 days");
    expect(await (await user()).json()).toMatchObject({ error_code: "session_expired" });
  });

  it("forgets its users between tests, and what hangs on them", async () => {
    await auth.asUser(await auth.signUp(), write("gone soon"));
    await auth.reset();
    const [left] = await auth.sql<{ users: number; notes: number }>(
      `select (select count(*)::int from proj_test.users) as users,
        (select count(*)::int from notes) as notes`,
    );
    expect(left).toEqual({ users: 0, notes: 0 });
  });

  it("refuses a wrong password though hashing is quick, and can hash with bcrypt", async () => {
    const real = await createTestAuth({ bcrypt: true });
    for (const service of [auth, real]) {
      await service.signUp({ email: "ada@example.com", password: "correct horse battery" });
      const signIn = async (password: string) =>
        (
          await service.fetch("/token", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ email: "ada@example.com", password }),
          })
        ).status;
      expect(await signIn("correct horse battery")).toBe(200);
      expect(await signIn("incorrect horse battery")).toBe(400);
    }
    await real.close();
  });
});
