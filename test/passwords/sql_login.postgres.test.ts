import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ownNameSuffix } from "../../src/database/own_names.ts";
import { revokeHelpers } from "../../src/projects/grants.ts";
import { installSqlLogin, removeSqlLogin } from "../../src/projects/sql_login.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { type AppRole, createAppRole, refusal } from "../support/app_role.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

interface SqlSession {
  outcome: string | null;
  user: { id: string };
  refresh_token: string;
  database_token: string;
}

let project: TestProject;
let app: AppRole;

beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  await project.service.engine.query("create schema extensions");
  await project.service.engine.query("create extension pgcrypto schema extensions");
  await expect(installSqlLogin(project.service.admin, project.id)).rejects.toMatchObject({
    message: expect.stringMatching(/grant usage on schema "extensions" to miosa_auth_project/),
  });
  await project.service.engine.query("grant usage on schema extensions to miosa_auth_project");
  await installSqlLogin(project.service.admin, project.id, { role: app.name });
});
afterAll(async () => {
  await removeSqlLogin(project.service.admin, project.id);
  await project.service.engine.query("drop schema extensions cascade");
});

async function call(text: string, params: unknown[]): Promise<SqlSession> {
  const [row] = await app.transaction((query) =>
    query<{ value: SqlSession }>(`select ${project.id}.${text} as value`, params),
  );
  if (!row) throw new Error("no row");
  return row.value;
}
const signUp = (email: string, password: string, data: object | null = null) =>
  call("signup_with_password($1, $2, $3)", [email, password, data]);
const signIn = (email: string, password: string) =>
  call("login_with_password($1, $2)", [email, password]);
const overHttp = (email: string, password: string) => project.post("/token", { email, password });

describe("signing in by SQL", () => {
  it.each([goodPassword, "é".repeat(36), "long ".repeat(40)])(
    "and over HTTP are one: each knows the other's passwords (%s)",
    async (password) => {
      const [one, two] = [freshEmail(), freshEmail()];
      expect((await signUp(one, password, { name: "Ada" })).user).toMatchObject({
        email: one,
        user_metadata: { name: "Ada" },
      });
      expect((await overHttp(one, password)).status).toBe(200);
      await project.signUp({ email: two, password });
      expect(await signIn(two, password)).toMatchObject({ outcome: null, user: { email: two } });
      expect(await signIn(two, `${password}!`)).toEqual({ outcome: "invalid_credentials" });
    },
  );

  it("gives a refresh token that the API exchanges", async () => {
    const { refresh_token, user } = await signUp(freshEmail(), goodPassword);
    expect(refresh_token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const session = await project.post("/refresh", { refresh_token });
    expect(session).toMatchObject({ status: 200, body: { user: { id: user.id } } });
    const token = String(session.body.access_token);
    expect((await project.request("/user", { token })).status).toBe(200);
  });

  it("gives a token that proves the user in this database, and that no server believes", async () => {
    const { database_token, user } = await signUp(freshEmail(), goodPassword);
    const seen = (token: string) =>
      app.transaction(async (query) => {
        await query("select set_config('jwt.token', $1, true)", [token]);
        const [row] = await query(
          `select ${project.id}.verified_uid() as verified, ${project.id}.live_uid() as live`,
        );
        return row;
      });
    expect(await seen(database_token)).toEqual({ verified: user.id, live: user.id });
    const [head, payload = ""] = database_token.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const later = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 1 }));
    expect(await seen(`${head}.${later.toString("base64url")}.unsigned`)).toEqual({
      verified: null,
      live: null,
    });
    const reply = await project.request("/user", { token: database_token });
    expect(reply).toMatchObject({ status: 401, body: { error_code: "bad_jwt" } });
  });

  it("counts guesses with those over HTTP (case 136)", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    for (let guess = 0; guess < 5; guess += 1) {
      await signIn(email, "wrong guess");
      await overHttp(email, "wrong guess");
    }
    expect(await signIn(email, goodPassword)).toMatchObject({ outcome: "over_request_rate_limit" });
    expect((await overHttp(email, goodPassword)).status).toBe(429);
  });

  it("ends at the statement's time limit, however long the hash would take (case 145)", async () => {
    const other = await createTestProject();
    const impatient = await createAppRole(other);
    await installSqlLogin(other.service.admin, other.id, { role: impatient.name });
    const { user } = await other.signUp();
    await other.sql("alter table users drop constraint users_password_hash_is_bcrypt");
    // Hours of work.
    await other.sql("update users set password_hash = $1", [`$2a$28$${"a".repeat(53)}`]);
    const cut = await impatient.transaction(async (query) => {
      await query("set local statement_timeout = '200ms'");
      const text = `select ${other.id}.login_with_password($1, $2)`;
      return refusal(query, text, [user.email, goodPassword]);
    });
    expect(cut).toBe("57014");
  });

  it("answers unknown addresses like wrong passwords, and misuse with a code (case 10)", async () => {
    expect(await signIn(freshEmail(), goodPassword)).toEqual({ outcome: "invalid_credentials" });
    expect(await signUp(freshEmail(), "short")).toEqual({ outcome: "weak_password" });
    expect(await signUp(freshEmail(), "x".repeat(4097))).toEqual({ outcome: "validation_failed" });
    const taken = freshEmail();
    await signUp(taken, goodPassword);
    expect(await signUp(taken, goodPassword)).toEqual({ outcome: "user_already_exists" });
  });

  it("takes an address in its canonical form alone, and another form for no account (case 17)", async () => {
    const email = freshEmail();
    await signUp(email, goodPassword);
    const others = [
      email.toUpperCase(),
      email.replace("user", "u\u017fer"),
      `${email}.`,
      ` ${email}`,
      `${email},other@example.com`,
    ];
    for (const other of others) {
      await expect(signUp(other, goodPassword)).rejects.toMatchObject({
        constraint: "users_email_is_canonical",
      });
      expect(await signIn(other, goodPassword)).toEqual({ outcome: "invalid_credentials" });
    }
  });
});

describe("a sign-in by SQL that fails", () => {
  /** What it says, and how often bcrypt ran for it. */
  async function cost(email: string, password: string) {
    return app.transaction(async (query) => {
      const [row] = await query<{ value: SqlSession }>(
        `select ${project.id}.login_with_password($1, $2) as value`,
        [email, password],
      );
      const [counted] = await query<{ hashes: number }>(
        "select calls::int as hashes from pg_stat_xact_user_functions where funcname = 'crypt'",
      );
      return { outcome: row?.value.outcome, hashes: counted?.hashes ?? 0 };
    });
  }

  it("costs one hash for every account and for none, and tells of a ban who knows the password (cases 10, 11 and 15)", async () => {
    await project.service.engine.query(`alter role ${app.name} set track_functions = 'all'`);
    const [known, passwordless, banned] = [freshEmail(), freshEmail(), freshEmail()];
    for (const email of [known, passwordless, banned]) await project.signUp({ email });
    await project.sql("update users set password_hash = null where email = $1", [passwordless]);
    await project.sql("update users set banned_until = 'infinity' where email = $1", [banned]);

    for (const email of [known, passwordless, banned, freshEmail()]) {
      const refused = { outcome: "invalid_credentials", hashes: 1 };
      expect(await cost(email, "not the password")).toEqual(refused);
    }
    expect(await cost(banned, goodPassword)).toEqual({ outcome: "user_banned", hashes: 1 });
    expect(await cost(passwordless, goodPassword)).toMatchObject({
      outcome: "invalid_credentials",
    });
    expect(await cost(known, goodPassword)).toEqual({ outcome: null, hashes: 1 });
  });

  it("counts a new password in code points, and asks no more of it than its length (cases 1 and 6)", async () => {
    expect(await signUp(freshEmail(), "😀".repeat(7))).toEqual({ outcome: "weak_password" });
    for (const password of ["😀".repeat(8), "Password123"]) {
      expect(await signUp(freshEmail(), password)).toMatchObject({ outcome: null });
    }
  });
});

describe("the functions that sign in by SQL", () => {
  it("cannot be made to call another crypt (case 147)", async () => {
    const { engine } = project.service;
    const email = freshEmail();
    await engine.query("grant create, usage on schema extensions to public");
    await app.transaction(async (query) => {
      for (const schema of ["extensions", app.schema]) {
        for (const [a, b] of [
          ["text", "varchar"],
          ["varchar", "text"],
          ["varchar", "varchar"],
        ]) {
          await query(
            `create function ${schema}.crypt(${a}, ${b}) returns text language sql as $$ select $1::text $$`,
          );
        }
      }
      await query(
        `create function ${app.schema}.crypt(text, text) returns text language sql as 'select $1'`,
      );
      await query(
        `create function ${app.schema}.hmac(bytea, bytea, text) returns bytea language sql as 'select $1'`,
      );
      await query(`set local search_path = ${app.schema}, extensions, ${project.id}, pg_catalog`);
      await query(`select ${project.id}.signup_with_password($1, $2, null)`, [email, goodPassword]);
    });
    const [{ hash } = {}] = await project.sql(
      "select password_hash as hash from users where email = $1",
      [email],
    );
    expect(hash).toMatch(/^\$2a\$10\$/);
    expect((await overHttp(email, goodPassword)).status).toBe(200);
    await installSqlLogin(project.service.admin, project.id);
    expect(await signIn(email, goodPassword)).toMatchObject({ outcome: null });
    expect(await signIn(email, goodPassword.slice(1))).toMatchObject({
      outcome: "invalid_credentials",
    });
  });

  it("are granted to nobody but the named role, pinned, and kept by an upgrade (case 132)", async () => {
    const { admin, engine } = project.service;
    const state = () =>
      project.sql(
        `select replace(proname, $2, '') as name, prosecdef as definer, proconfig as config,
          array(select grantee::regrole::text from aclexplode(proacl) a where a.grantee <> proowner) as granted
         from pg_proc where pronamespace = $1::regnamespace
           and replace(proname, $2, '') in ('signup_with_password', 'login_with_password', 'sql_session', 'bcrypt_hash', 'bcrypt_salt', 'refresh_secret')
         order by 1`,
        [project.id, ownNameSuffix(project.id)],
      );
    const inner = { definer: false, config: null, granted: [] };
    const outer = {
      definer: true,
      config: [`search_path=${project.id}, pg_temp`],
      granted: [app.name],
    };
    const expected = [
      { name: "bcrypt_hash", ...inner },
      { name: "bcrypt_salt", ...inner },
      { name: "login_with_password", ...outer },
      { name: "refresh_secret", ...inner },
      { name: "signup_with_password", ...outer },
      { name: "sql_session", ...inner },
    ];
    expect(await state()).toEqual(expected);
    await project.sql("alter function login_with_password(text, text) reset all");
    await engine.query("update miosa_auth.projects set release = 'older' where id = $1", [
      project.id,
    ]);
    await upgradeProject(admin, project.id);
    expect(await state()).toEqual(expected);

    await revokeHelpers(admin, project.id, app.name);
    await app.transaction(async (query) => {
      const text = `select ${project.id}.login_with_password('a@example.com', 'x')`;
      expect(await refusal(query, text)).toBe("42501");
    });
    await removeSqlLogin(admin, project.id);
    expect(await state()).toEqual([]);
    await removeSqlLogin(admin, project.id);
  });
});
