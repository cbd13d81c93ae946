import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UserJson } from "../../src/database/functions.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { contentsOf } from "../support/contents.ts";
import { type CountingService, openCountingService } from "../support/counting.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type TestProject,
} from "../support/project.ts";

let counting: CountingService;
beforeAll(async () => {
  counting = await openCountingService();
});
afterAll(() => counting.auth.close());

/** Every row of the project's. */
async function rowsOf(project: TestProject): Promise<Set<string>> {
  return new Set(Object.values(await contentsOf(project)).flat());
}

async function rowsWrittenSince(project: TestProject, before: Set<string>): Promise<number> {
  return [...(await rowsOf(project))].filter((row) => !before.has(row)).length;
}

/** All that a client can see, but for the id of the request. */
function visible({ status, headers, body }: Reply) {
  const names = [...headers].filter(([name]) => name !== "x-request-id");
  return { status, headers: Object.fromEntries(names), body };
}

describe("a sign-in that fails", () => {
  let project: TestProject;
  const known: Record<string, string> = {};

  beforeAll(async () => {
    project = await createTestProject({
      email_confirmation: "required",
      login_failures_before_wait: 3,
    });
    for (const kind of ["confirmed", "unconfirmed", "banned", "passwordless"]) {
      known[kind] = freshEmail();
      const body = { email: known[kind], password: goodPassword };
      expect((await project.post("/signup", body)).status).toBe(200);
    }
    await project.sql(
      `update users set
         email_confirmed_at = case when email <> $1 then now() end,
         banned_until = case when email = $2 then now() + interval '1 day' end,
         password_hash = case when email <> $3 then password_hash end`,
      [known.unconfirmed, known.banned, known.passwordless],
    );
  });

  function tryPassword(email: string | undefined, password = "not the password") {
    const { auth } = counting;
    return counting.measure(project, () => project.post("/token", { email, password }, { auth }));
  }

  it("shows the same answer and does the same work for every account and for none (cases 10 and 11)", async () => {
    const unknown = await tryPassword(freshEmail());
    expect(unknown.value.body).toEqual({
      code: 400,
      error_code: "invalid_credentials",
      msg: "Invalid login credentials",
    });
    expect(unknown.calls).toEqual(["password_salt", "login"]);
    expect(unknown.hashes).toEqual(["$2a$10$"]);

    for (const email of Object.values(known)) {
      const { value, calls, hashes } = await tryPassword(email);
      expect(visible(value)).toEqual(visible(unknown.value));
      expect({ calls, hashes }).toEqual({ calls: unknown.calls, hashes: unknown.hashes });
    }
  });

  it("tells of a ban or a missing confirmation only who knows the password", async () => {
    const codes: Record<string, unknown> = {};
    for (const [kind, email] of Object.entries(known)) {
      const { value, calls, hashes } = await tryPassword(email, goodPassword);
      codes[kind] = value.body.error_code ?? value.status;
      expect({ calls, hashes }).toEqual({ calls: ["password_salt", "login"], hashes: ["$2a$10$"] });
    }
    expect(codes).toEqual({
      confirmed: 200,
      unconfirmed: "email_not_confirmed",
      banned: "user_banned",
      passwordless: "invalid_credentials",
    });
    expect(
      await project.sql("select email from sessions join users on users.id = user_id"),
    ).toEqual([{ email: known.confirmed }]);
  });

  it("makes an unknown address wait like a known one, at the price of no hash (cases 10 and 11)", async () => {
    const answers = [];
    for (const email of [known.confirmed, freshEmail()]) {
      for (let failure = 1; failure <= 3; failure += 1) await tryPassword(email);
      const { value, calls, hashes } = await tryPassword(email);
      const { "retry-after": wait, ...headers } = visible(value).headers;
      expect(Number(wait)).toBeGreaterThan(0);
      answers.push({ ...visible(value), headers, calls, hashes });
    }
    expect(answers[0]).toMatchObject({ status: 429, calls: ["password_salt"], hashes: [] });
    expect(answers[1]).toEqual(answers[0]);
  });

  it("gives an unknown address the same decoy each time, at the cost of new users (case 11)", async () => {
    const salt = async (email: string) => {
      const [row] = await project.sql<{ reply: { salt: string } }>(
        "select password_salt($1, null) as reply",
        [email],
      );
      return row?.reply.salt;
    };
    const [email, other] = [freshEmail(), freshEmail()];
    const decoy = await salt(email);
    expect(decoy).toMatch(/^\$2a\$10\$[./A-Za-z0-9]{21}[.Oeu]$/);
    expect(await salt(email)).toBe(decoy);
    expect(await salt(other)).not.toBe(decoy);
    await project.sql("update settings set bcrypt_cost = 12");
    expect(await salt(email)).toBe(decoy?.replace("$10$", "$12$"));
  });
});

describe("sign-ins that fail in turn", () => {
  let quick: CountingService;
  beforeAll(async () => {
    quick = await openCountingService(quickHasher());
  });
  afterAll(() => quick.auth.close());

  const kinds = ["confirmed", "unconfirmed", "banned", "passwordless", "of a provider"];

  /** Users of each kind, by it. */
  async function everybody(project: TestProject): Promise<Record<string, string>> {
    const { auth } = quick;
    const people: Record<string, string> = {};
    for (const kind of kinds) {
      const email = freshEmail();
      const body = { email, password: goodPassword };
      expect((await project.post("/signup", body, { auth })).status).toBe(200);
      people[kind] = email;
    }
    await project.sql(
      `update users set
         email_confirmed_at = case when email <> $1 then now() end,
         banned_until = case when email = $2 then now() + interval '1 day' end,
         password_hash = case when email not in ($3, $4) then password_hash end`,
      [people.unconfirmed, people.banned, people.passwordless, people["of a provider"]],
    );
    await project.sql(
      `update identities set provider = 'oidc', issuer = 'https://idp.example', subject = user_id::text
       where user_id = (select id from users where email = $1)`,
      [people["of a provider"]],
    );
    return people;
  }

  it("cost one hash, two calls and as many rows for everybody and for nobody, in whatever order (cases 10 and 11)", async () => {
    const project = await createTestProject({
      email_confirmation: "required",
      login_failures_before_wait: 100,
    });
    const addresses = [...Object.values(await everybody(project)), freshEmail(), freshEmail()];
    const seen = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const turn = addresses.slice(round % addresses.length);
      for (const email of [...turn, ...addresses.slice(0, round % addresses.length)]) {
        const before = round === 0 ? await rowsOf(project) : null;
        const { auth } = quick;
        const { value, calls, hashes } = await quick.measure(project, () =>
          project.post("/token", { email, password: `guess ${round}` }, { auth }),
        );
        expect({ calls, hashes }).toEqual({
          calls: ["password_salt", "login"],
          hashes: ["$2a$10$"],
        });
        seen.add(JSON.stringify(visible(value)));
        // The first guess at an address makes its budget's row, the second changes it.
        if (before) expect(await rowsWrittenSince(project, before)).toBe(2);
      }
    }
    expect(seen.size).toBe(1);
    expect([...seen][0]).toContain("invalid_credentials");
  });

  it("cost a hash of the cost that the project has now, where there is none to compare with (case 11)", async () => {
    const project = await createTestProject({ bcrypt_cost: 12 });
    const addresses = [...Object.values(await everybody(project)), freshEmail()];
    for (const email of addresses) {
      const { auth } = quick;
      const { hashes } = await quick.measure(project, () =>
        project.post("/token", { email, password: "not the password" }, { auth }),
      );
      expect(hashes).toEqual(["$2a$12$"]);
    }
  });
});

describe("a sign-up with a taken address", () => {
  const email = freshEmail();

  function signUp(project: TestProject, body: object) {
    const { auth } = counting;
    return counting.measure(project, () => project.post("/signup", body, { auth }));
  }

  /** A user with what must differ between any two users made equal. */
  function anonymous(user: UserJson, name: string) {
    const text = JSON.stringify(user)
      .replaceAll(user.id, "<id>")
      .replaceAll(user.identities[0]?.identity_id ?? "", "<identity>")
      .replaceAll(user.created_at, "<now>")
      .replaceAll(name, "<email>");
    return JSON.parse(text) as unknown;
  }

  it("is answered like any other, byte for byte, where addresses must be confirmed (cases 10 and 11)", async () => {
    const project = await createTestProject({ email_confirmation: "required" });
    const input = { password: goodPassword, data: { name: "Ann", gone: null } };
    const first = await signUp(project, { email, ...input });
    const taken = await signUp(project, { email, ...input });
    const other = freshEmail();
    const fresh = await signUp(project, { email: other, ...input });

    expect(taken.value.body).not.toHaveProperty("access_token");
    expect(taken.value.body.id).not.toBe(first.value.body.id);
    expect(anonymous(taken.value.body as unknown as UserJson, email)).toEqual(
      anonymous(fresh.value.body as unknown as UserJson, other),
    );
    expect(JSON.stringify(taken.value.body)).toHaveLength(JSON.stringify(fresh.value.body).length);
    expect({ ...visible(taken.value), body: null }).toEqual({
      ...visible(fresh.value),
      body: null,
    });
    expect([taken.calls, taken.hashes]).toEqual([fresh.calls, fresh.hashes]);
    expect(fresh.calls).toEqual(["signup"]);

    expect(await project.sql("select email from users order by created_at")).toEqual([
      { email },
      { email: other },
    ]);
    expect(await project.sql("select from sessions")).toEqual([]);
  });

  it("is refused like any other for what is wrong with the rest of it (case 10)", async () => {
    const project = await createTestProject({ email_confirmation: "required" });
    await signUp(project, { email, password: goodPassword });
    for (const wrong of [{ password: "short" }, { data: { text: "x".repeat(2_100) } }]) {
      const input = { password: goodPassword, ...wrong };
      const taken = await signUp(project, { email, ...input });
      const fresh = await signUp(project, { email: freshEmail(), ...input });
      expect(taken.value.status).toBeGreaterThanOrEqual(400);
      expect(visible(taken.value)).toEqual(visible(fresh.value));
      expect([taken.calls, taken.hashes]).toEqual([fresh.calls, fresh.hashes]);
    }
  });

  it.each(["optional", "off"])(
    "says so under `%s`, the documented exception, and leaves the account alone (case 10)",
    async (email_confirmation) => {
      const project = await createTestProject({ email_confirmation });
      const session = await project.signUp({ email });
      const taken = await signUp(project, { email, password: "some other password" });
      expect(taken.value.status).toBe(422);
      expect(taken.value.body).toEqual({
        code: 422,
        error_code: "user_already_exists",
        msg: "User already registered",
      });
      expect(taken.hashes).toEqual(["$2a$10$"]);
      const user = await project.request("/user", { token: session.access_token });
      expect(user.body).toMatchObject({ id: session.user.id, email });
      expect((await project.post("/token", { email, password: goodPassword })).status).toBe(200);
    },
  );
});
