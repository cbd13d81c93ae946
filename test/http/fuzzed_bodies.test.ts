import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bodies, damaged, type Fuzzed, openFuzzed } from "../support/fuzzing.ts";
import { freshEmail } from "../support/project.ts";

let fuzzed: Fuzzed;
beforeAll(async () => {
  fuzzed = await openFuzzed();
});

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
  ["50,000 names", `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":1`).join()}}`],
  ["U+0000 as a name", '{"data":{"\\u0000":1}}'],
];
const harmless: [string, string][] = [
  ["an empty object", "{}"],
  ["a byte order mark", "\ufeff{}"],
  ["white space", " \n\t "],
  ["names given twice", '{"email":"x","email":null,"password":"y","password":null}'],
  ["unknown fields", '{"id":"x","role":"admin","a":[1,{"b":[null]}]}'],
  ["5,000 names", `{${Array.from({ length: 5_000 }, (_, i) => `"k${i}":1`).join()}}`],
  ["nulls", '{"email":null,"password":null,"refresh_token":null,"data":null,"phone":null}'],
];

describe("a body that nobody should send (case 152)", () => {
  it.each(malformed)("is refused as bad JSON by every route: %s", async (_, body) => {
    for (const target of fuzzed.targets) expect(await fuzzed.send(target, body)).toBe(400);
  });

  it.each(unfit)("is refused by every route that reads one: %s", async (_, body) => {
    for (const target of fuzzed.targets) {
      const status = await fuzzed.send(target, body);
      if (target.path !== "/sessions/2b1f8a3e-1c4d-4a6f-9b7e-3d5c7f9a1b2c") {
        expect([target, status]).toEqual([target, expect.toSatisfy((code) => code >= 400)]);
      }
    }
  });

  it.each(harmless)("does no harm to any route: %s", async (_, body) => {
    for (const target of fuzzed.targets) await fuzzed.send(target, body);
  });

  it("has a clean answer whatever it holds", async () => {
    expect(fuzzed.targets.length).toBeGreaterThan(7);
    const anyTarget = fc.constantFrom(...fuzzed.targets);
    await fc.assert(
      fc.asyncProperty(anyTarget, fc.oneof(bodies, damaged), async (target, body) => {
        await fuzzed.send(target, body);
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
      fc.asyncProperty(
        fc.constantFrom(...fuzzed.targets),
        bodies,
        types,
        async (target, body, type) => {
          await fuzzed.send(target, body, type);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("leaves a service that serves on, and a user that is as it was", async () => {
    const { project, token } = fuzzed;
    expect((await project.request("/user", { token })).status).toBe(200);
    expect((await project.signUp({ email: freshEmail() })).user.role).toBe("authenticated");
    const rows = await project.sql("select from users where email ~ '[^a-z0-9.@_-]'");
    expect(rows).toEqual([]);
  });
});
