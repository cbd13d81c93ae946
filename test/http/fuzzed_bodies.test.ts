import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { errorTable } from "../../src/errors.ts";
import { ageSession } from "../support/age.ts";
import { createTestProject, freshEmail, type TestProject } from "../support/project.ts";
import { routeTable } from "../support/routes.ts";
import { serviceToken } from "../support/service_token.ts";

interface Target {
  readonly method: string;
  readonly path: string;
}

let project: TestProject;
let token: string;
let targets: Target[];

beforeAll(async () => {
  project = await createTestProject();
  const session = await project.signUp();
  token = session.access_token;
  // Too old to change a password or be deleted, so that the user outlives what is sent in its name.
  const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  await ageSession(project, payload.session_id, "25 hours");
  targets = routeTable()
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => ({
      method,
      path: path.replace(/\{\w+\}/, "2b1f8a3e-1c4d-4a6f-9b7e-3d5c7f9a1b2c"),
    }));
});

/** Sends bytes and checks that the answer is a clean one. */
async function send({ method, path }: Target, body: string | Uint8Array, type?: string) {
  const bearer = path === "/invite" ? serviceToken(project) : path === "/logout" ? null : token;
  const reply = await project.service.auth.fetch(
    new Request(project.authUrl + path, {
      method,
      body: typeof body === "string" ? new TextEncoder().encode(body) : body,
      headers: {
        "Content-Type": type ?? "application/json",
        ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
      },
    }),
  );
  const text = await reply.text();
  const where = `${method} ${path} answered ${reply.status} ${text.slice(0, 300)}`;
  expect(reply.status, where).toBeLessThan(500);
  if (reply.status < 400) return reply.status;
  const { code, error_code, msg, weak_password, ...rest } = JSON.parse(text);
  expect([code, typeof msg, rest], where).toEqual([reply.status, "string", {}]);
  expect(Object.keys(errorTable), where).toContain(error_code);
  expect(weak_password === undefined, where).toBe(error_code !== "weak_password");
  expect(msg, where).not.toMatch(/\n|select |insert |relation|syntax|constraint| at .*:\d+/i);
  return reply.status;
}

const deep = 100_000;
const malformed: [string, string | Uint8Array][] = [
  ["no JSON", "email=ada"],
  ["a trailing comma", '{"email":"a@example.com",}'],
  ["single quotes", "{'email':'a@example.com'}"],
  ["a comment", '{"email":"a@example.com"} // x'],
  ["two documents", "{}{}"],
  ["NaN", '{"email":NaN}'],
  ["half a document", '{"email":"a@exam'],
  ["brackets 100,000 deep", "[".repeat(deep)],
  ["UTF-16", Buffer.from('{"email":"a@example.com"}', "utf16le")],
  ["UTF-8 that breaks off", Buffer.from('{"email":"\xc3"}', "latin1")],
  ["an overlong encoding", Buffer.from('{"email":"\xc0\xaf"}', "latin1")],
  ["a surrogate in UTF-8", Buffer.from('{"email":"\xed\xa0\x80"}', "latin1")],
  ["raw control characters", '{"email":"a\u0001b"}'],
];
const unfit: [string, string][] = [
  ["null", "null"],
  ["a list", '[{"email":"a@example.com"}]'],
  ["a number", "7"],
  ["a string", '"email"'],
  ["lists for strings", '{"email":["a@example.com"],"password":["x"],"refresh_token":[]}'],
  ["objects for strings", '{"email":{"$ne":null},"password":{"$gt":""},"refresh_token":{}}'],
  ["numbers for strings", '{"email":1e999,"password":-0,"refresh_token":9007199254740993}'],
  ["booleans for strings", '{"email":true,"password":false,"refresh_token":true}'],
  ["objects 100,000 deep", `${'{"data":'.repeat(deep)}1${"}".repeat(deep)}`],
  ["lists 100,000 deep", `{"data":${"[".repeat(deep)}${"]".repeat(deep)}}`],
  ["U+0000", '{"email":"a\\u0000@example.com","password":"abc\\u0000def12345"}'],
  ["half a surrogate pair", '{"email":"\\ud800@example.com","password":"\\udfff long enough"}'],
  ["U+0000 as a name", '{"data":{"\\u0000":1}}'],
];
const harmless: [string, string][] = [
  ["an empty object", "{}"],
  ["a byte order mark", "\ufeff{}"],
  ["white space", " \n\t "],
  ["names given twice", '{"email":"x","email":null,"password":"y","password":null}'],
  ["unknown fields", '{"id":"x","role":"admin","a":[1,{"b":[null]}]}'],
  ["nulls", '{"email":null,"password":null,"refresh_token":null,"data":null,"phone":null}'],
  ["50,000 names", `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":1`).join()}}`],
];

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", " ", "%", "'; --", "$$", "\\", "\u2019", "a@b", "null", "NaN", "-1"),
  fc.constantFrom(
    "refresh_token",
    "a".repeat(5000),
    "é".repeat(3000),
    "\u202e",
    "../..",
    "{{7*7}}",
  ),
);
const values = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    texts,
    fc.constantFrom(null, true, -0, 1e308, 2 ** 53, 1e-320),
    fc.double(),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(texts, tie("any"), { maxKeys: 4 }),
  ),
})).any;
const fields = fc.constantFrom(
  "email",
  "phone",
  "password",
  "current_password",
  "refresh_token",
  "data",
  "__proto__",
  "gotrue_meta_security",
);
const bodies = fc.oneof(
  values.map((value) => JSON.stringify(value)),
  fc
    .array(fc.tuple(fields, values), { maxLength: 5 })
    .map(
      (pairs) => `{${pairs.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join()}}`,
    ),
);
const damaged = fc
  .tuple(bodies, fc.nat(), fc.integer({ min: 0, max: 255 }))
  .map(([body, at, byte]) => {
    const bytes = Buffer.from(body);
    if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });

describe("a body that nobody should send (case 152)", () => {
  it.each(malformed)("is refused as bad JSON by every route: %s", async (_, body) => {
    for (const target of targets) expect(await send(target, body)).toBe(400);
  });

  it.each(unfit)("is refused by every route that reads one: %s", async (_, body) => {
    for (const target of targets) {
      const status = await send(target, body);
      if (target.path !== "/sessions/2b1f8a3e-1c4d-4a6f-9b7e-3d5c7f9a1b2c") {
        expect([target, status]).toEqual([target, expect.toSatisfy((code) => code >= 400)]);
      }
    }
  });

  it.each(harmless)("does no harm to any route: %s", async (_, body) => {
    for (const target of targets) await send(target, body);
  });

  it("has a clean answer whatever it holds", async () => {
    expect(targets.length).toBeGreaterThan(7);
    const anyTarget = fc.constantFrom(...targets);
    await fc.assert(
      fc.asyncProperty(anyTarget, fc.oneof(bodies, damaged), async (target, body) => {
        await send(target, body);
      }),
      { numRuns: 400 },
    );
  });

  it("has a clean answer under any content type", async () => {
    const types = fc.oneof(
      fc.constantFrom("application/json", "text/plain", "multipart/form-data; boundary=x", "x"),
      fc.stringMatching(/^[a-z]{1,12}\/[a-z+.]{1,12}(; ?[a-z]{1,8}=[a-z0-9-]{0,8})?$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...targets), bodies, types, async (target, body, type) => {
        await send(target, body, type);
      }),
      { numRuns: 200 },
    );
  });

  it("leaves a service that serves on, and a user that is as it was", async () => {
    expect((await project.request("/user", { token })).status).toBe(200);
    expect((await project.signUp({ email: freshEmail() })).user.role).toBe("authenticated");
    const rows = await project.sql("select from users where email ~ '[^a-z0-9.@_-]'");
    expect(rows).toEqual([]);
  });
});
