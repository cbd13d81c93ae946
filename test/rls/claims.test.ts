import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createTestProject, type Query, type TestProject } from "../support/project.ts";

/** What claims() made of a text, and what Postgres's own cast makes of it. */
interface Reading {
  readonly text: string;
  readonly claims: string | null;
  readonly cast: string | null;
}

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
});

describe("claims()", () => {
  it("reads every JSON object as Postgres's own cast does (case 134)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(objects, { minLength: 40, maxLength: 40 }), async (texts) => {
        for (const { text, claims, cast } of await readings(texts)) {
          expect(cast, text).not.toBeNull();
          expect(claims, text).toBe(cast);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("gives null for whatever is no JSON object, and never fails (case 134)", async () => {
    let malformed = 0;
    const texts = fc.oneof(mutated, scraps).filter((text) => !/[eE][+-]?\d{4}|\d{200}/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 60, maxLength: 60 }), async (batch) => {
        for (const { text, claims, cast } of await readings(batch)) {
          expect(claims, text).toBe(cast);
          if (cast === null) malformed += 1;
        }
      }),
      { numRuns: 30 },
    );
    expect(malformed).toBeGreaterThan(300);
  });

  it("knows the forms that Postgres or a parser would stumble over", async () => {
    const objectsOnly = ['{"a":1}', ' \t\r\n{"a" : [1 , {"b":null}] }\n', '{"":"","a":{"a":{}}}'];
    const numbers = ["0", "-0", "1e308", "-1.5E-7", "12345678901234567890"].map(
      (n) => `{"n":${n}}`,
    );
    const strings = [
      "\\u00e9",
      "\\ud83d\\ude00",
      "é😀",
      '\\"\\\\\\/\\b\\f\\n\\r\\t',
      "#~{}[],:",
    ].map((s) => `{"s":"${s}"}`);
    for (const { text, claims, cast } of await readings([...objectsOnly, ...numbers, ...strings])) {
      expect(cast, text).not.toBeNull();
      expect(claims, text).toBe(cast);
    }

    const nothing = ["", " ", "null", "true", "1", '"a"', "[]", '[{"a":1}]', "~", "#", "{~}"];
    const broken = ["{", "}", "{}{}", "{} {}", '{"a":1}x', '{"a":1,}', "{,}", '{"a"}', '{"a":}'];
    const badNumbers = [
      "01",
      "1.",
      ".5",
      "+1",
      "1e",
      "1e+",
      "0x1",
      "1-2",
      "NaN",
      "Infinity",
      "--1",
    ];
    const badStrings = [
      "\\u0000",
      "\\ud800",
      "\\udc00x",
      "\\ud83d\\ud83d",
      "\\x",
      "\\u12",
      "\t",
      "\\",
    ];
    const malformed = [
      ...nothing,
      ...broken,
      ...badNumbers.map((n) => `{"n":${n}}`),
      ...badStrings.map((s) => `{"s":"${s}"}`),
      '{"a":truefalse}',
      '{"a":1 2}',
      '{"a":"b""c"}',
      "{a:1}",
      "{'a':1}",
      '{"a":[1}]',
      '{"a":#}',
    ];
    for (const { text, claims, cast } of await readings(malformed)) {
      expect(cast, text).toBeNull();
      expect(claims, text).toBeNull();
    }
  });

  it("takes more than 100 levels for malformed: Postgres would follow until its stack ends", async () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    const depths = [100, 101, 30_000, 200_000];
    const [hundred, ...deeper] = await project.transaction(async (query) => {
      const found = [];
      for (const depth of depths) {
        await query("select set_config('jwt.claims', $1, true)", [nested(depth)]);
        found.push(...(await query<{ claims: string | null }>("select claims()::text as claims")));
      }
      return found;
    });
    expect(hundred).toEqual({ claims: nested(100).replace(":", ": ") });
    expect(deeper).toEqual([{ claims: null }, { claims: null }, { claims: null }]);
  });
});

const objects = fc
  .record({
    value: fc.dictionary(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.oneof(fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }), fc.double().map(jsonNumber)),
      { maxKeys: 5 },
    ),
    indent: fc.constantFrom(undefined, 1, "\t"),
  })
  .map(({ value, indent }) => JSON.stringify(value, null, indent))
  // Postgres has no U+0000 and refuses half a surrogate pair.
  .filter((text) => !/\\u(0000|d[89a-f])/.test(text));

const pieces = [...'{}[]",:\\#~ \n0129.eE+-ubn', "true", "null", '"a"', "\\u0000", "\\ud800", "é"];

const mutated = fc
  .tuple(
    objects.filter((text) => text.length < 500),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.constantFrom(...pieces)), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([text, changes]) =>
    changes.reduce((changed, [at, removed, inserted]) => {
      const position = at % (changed.length + 1);
      return changed.slice(0, position) + inserted + changed.slice(position + removed);
    }, text),
  )
  .filter((text) => text.isWellFormed() && !text.includes("\0"));

const scraps = fc
  .array(fc.constantFrom(...pieces), { maxLength: 12 })
  .map((parts) => `{${parts.join("")}`);

function jsonNumber(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

async function readings(texts: readonly string[]): Promise<Reading[]> {
  return project.transaction(async (query) => {
    await query(reader);
    return readAll(query, texts);
  });
}

const reader = `
  create or replace function pg_temp.reading(p_text text, out claims text, out "cast" text)
  language plpgsql as $$
  begin
    perform set_config('jwt.claims', p_text, true);
    claims := claims()::text;
    begin
      "cast" := (select j::text from (select p_text::jsonb as j) as t where jsonb_typeof(j) = 'object');
    exception when others then
      "cast" := null;
    end;
  end $$`;

async function readAll(query: Query, texts: readonly string[]): Promise<Reading[]> {
  const rows = await query<{ text: string; claims: string | null; cast: string | null }>(
    `select t.text, r.claims, r."cast" from jsonb_array_elements_text($1::jsonb) as t (text)
     cross join lateral pg_temp.reading(t.text) r`,
    [JSON.stringify(texts)],
  );
  expect(rows).toHaveLength(texts.length);
  return rows;
}
