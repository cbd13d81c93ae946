import { beforeAll, describe, expect, it } from "vitest";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { createTestProject, type Query, type TestProject } from "../support/project.ts";

const user = "0190c0de-0000-4000-8000-00000000000a";
const session = "0190c0de-0000-4000-8000-00000000000b";
const readers = ["uid", "session_id", "subject", "role", "aal", "email"] as const;
const nothing = Object.fromEntries(readers.map((name) => [name, null]));

let project: TestProject;
let app: AppRole;
beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
});

async function readAll(query: Query) {
  const columns = readers.map((name) => `${project.id}.${name}() as ${name}`);
  const [row] = await query(`select ${columns.join(", ")}`);
  return row;
}

/** What the readers say under some settings, as the application's role. */
function under(settings: Record<string, string>) {
  return app.transaction(async (query) => {
    for (const [name, value] of Object.entries(settings)) {
      await query("select set_config($1, $2, true)", [name, value]);
    }
    return readAll(query);
  });
}

const claims = {
  sub: user,
  session_id: session,
  role: "authenticated",
  aal: "aal1",
  email: "a@example.com",
};
const identity = {
  uid: user,
  session_id: session,
  subject: user,
  role: "authenticated",
  aal: "aal1",
  email: "a@example.com",
};

describe("the claim readers", () => {
  it("read the settings of the app's runtime, one a claim", async () => {
    const settings = Object.entries(claims).map(([name, value]) => [`jwt.claims.${name}`, value]);
    expect(await under(Object.fromEntries(settings))).toEqual(identity);
  });

  it("read all claims from one setting, the runtime's or PostgREST's", async () => {
    expect(await under({ "jwt.claims": JSON.stringify(claims) })).toEqual(identity);
    expect(await under({ "request.jwt.claims": JSON.stringify(claims) })).toEqual(identity);
    expect(
      await under({ "jwt.claims": "", "jwt.claims.sub": "", "request.jwt.claims": '{"sub":"x"}' }),
    ).toEqual({ ...nothing, subject: "x" });
  });

  it("prefer the setting of one claim to that of all, and the runtime's to PostgREST's", async () => {
    const other = "0190c0de-0000-4000-8000-0000000000ff";
    expect(
      await under({
        "jwt.claims.sub": user,
        "jwt.claims": JSON.stringify({ sub: other, role: "runtime" }),
        "request.jwt.claims": JSON.stringify({ sub: other, role: "rest", email: "r@example.com" }),
      }),
    ).toEqual({ ...nothing, uid: user, subject: user, role: "runtime" });
  });

  it.each([
    ["empty", ""],
    ["no UUID", "not-a-uuid"],
    ["a UUID and more", `${user}x`],
    ["two lines", `${user}\n`],
    ["a UUID without hyphens", user.replaceAll("-", "")],
    ["a UUID in braces", `{${user}}`],
    ["a UUID with a hyphen too many", user.replace("0190", "01-0")],
    ["a UUID with its first hyphen elsewhere", user.replace("c0de-0", "c0d-e0")],
    ["a UUID with a letter beyond f", user.replace("a", "g")],
    ["a quote", `' or ''='`],
  ])("give null, not an error, for a sub that is %s (case 134)", async (_, sub) => {
    expect(await under({ "jwt.claims.sub": sub })).toMatchObject({ uid: null });
    expect(await under({ "jwt.claims": JSON.stringify({ sub }) })).toMatchObject({ uid: null });
    expect(await under({ "jwt.claims.session_id": sub })).toMatchObject({ session_id: null });
  });

  it("take a UUID in either case", async () => {
    expect(await under({ "jwt.claims.sub": user.toUpperCase() })).toMatchObject({ uid: user });
  });

  it("give null for claims that are malformed or no texts (case 134)", async () => {
    for (const text of ["", "{", "null", "[]", "garbage", '{"sub":', "{'sub':1}"]) {
      expect(await under({ "jwt.claims": text, "request.jwt.claims": text })).toEqual(nothing);
    }
    for (const value of [null, [], {}, true, 12, ""]) {
      const all = Object.fromEntries(Object.keys(claims).map((name) => [name, value]));
      expect(await under({ "jwt.claims": JSON.stringify(all) })).toMatchObject({
        uid: null,
        session_id: null,
      });
    }
  });

  it("never match a row whose owner is empty or null (case 134)", async () => {
    const rows = await app.transaction(async (query) => {
      await query("create temp table things (owner_id uuid, subject text) on commit drop");
      await query("insert into things values (null, ''), (null, null), ($1::uuid, $1::text)", [
        user,
      ]);
      await query("select set_config('jwt.claims.sub', '', true)");
      return query(
        `select from things where owner_id = ${project.id}.uid() or subject = ${project.id}.subject()`,
      );
    });
    expect(rows).toEqual([]);
  });

  it("say what anyone who can run SQL tells them: uid() is for servers that run no SQL of others (case 135)", async () => {
    expect(await under({ "jwt.claims.sub": user })).toMatchObject({ uid: user });
    const [row] = await app.transaction((query) =>
      query("select obj_description($1::regprocedure) as says", [`${project.id}.uid()`]),
    );
    expect(row?.says).toContain("only your own server can run SQL");
  });

  it("have UUIDs in upper case stand for the same user", async () => {
    expect(await under({ "jwt.claims.sub": user.toUpperCase() })).toMatchObject({ uid: user });
  });
});
