import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quoteIdentifier } from "../../src/database/identifiers.ts";
import { withoutProject } from "../../src/http/routing.ts";
import { isProjectId } from "../../src/projects/project_id.ts";

const refused = [
  "",
  " ",
  "A",
  "Proj_a",
  "proj_A",
  "a-b",
  "a.b",
  "a b",
  "a'b",
  'a"; drop schema x; --',
  "a\\b",
  "a$b",
  "1a",
  "_a",
  "é",
  "projé",
  "ｐroj_a",
  "proj_ı",
  "🙂",
  "proj_\0",
  "proj_a\n",
  "\nproj_a",
  "proj_a ",
  "../proj_a",
  "proj_%61",
  "public",
  "information_schema",
  "pg_temp",
  "pg_catalog",
  "pg_toast",
  "pg_temp_1",
  "pg_anything",
  "miosa_auth",
  "health",
  "metrics",
  "openapi",
  "favicon",
  `proj_${"a".repeat(41)}`,
  "a".repeat(42),
  "a".repeat(64),
  `proj_${"é".repeat(30)}`,
];

const accepted = [
  "proj_a",
  "proj_1",
  `proj_${"z".repeat(40)}`,
  "a",
  "a_b",
  "tenant_9",
  "a".repeat(41),
];

const id = fc.stringMatching(/^(proj_[a-z0-9_]{1,40}|[a-z][a-z0-9_]{0,40})$/);

describe("the id of a project", () => {
  it("keeps to its grammar, and is no name that Postgres or the service own (case 122)", () => {
    expect(refused.filter(isProjectId)).toEqual([]);
    expect(accepted.filter((text) => !isProjectId(text))).toEqual([]);
  });

  it("is never cut, folded or quoted into another one (cases 121, 122)", () => {
    fc.assert(
      fc.property(id, id, (one, other) => {
        fc.pre(isProjectId(one) && isProjectId(other));
        const names = [one, other].map((text) => [
          text,
          text.toLowerCase(),
          text.normalize("NFKC"),
          quoteIdentifier(text).slice(1, -1),
        ]);
        for (const name of names) expect(new Set(name).size).toBe(1);
        // The name of its owner role is its own, after a tag of 12 letters.
        const role = `ma_01234567_${one}`;
        expect(Buffer.byteLength(role)).toBeLessThanOrEqual(63);
        expect(quoteIdentifier(role)).toBe(`"${role}"`);
      }),
    );
  });

  it("is nothing else, whatever the text (case 122)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (isProjectId(text)) expect(text).toMatch(/^[a-z][a-z0-9_]{0,44}$/);
      }),
    );
  });

  it("is read from the path as it is written there, and from nowhere else (case 122)", () => {
    const projectOf = (path: string) =>
      withoutProject(new Request(`http://auth.test${path}`)).projectId;
    expect(projectOf("/proj_a/user")).toBe("proj_a");
    expect(projectOf("/proj_a")).toBe("proj_a");
    for (const path of [
      "/",
      "//proj_a/user",
      "/PROJ_A/user",
      "/%70roj_a/user",
      "/proj_a%2Fuser",
      "/proj_a;x/user",
      "/?project=proj_a",
      "/#/proj_a",
    ]) {
      expect({ path, id: projectOf(path) }).toEqual({ path, id: null });
    }
  });
});

describe("an identifier", () => {
  it("is refused when Postgres would cut it, and doubles the quotes it holds (cases 121, 122)", () => {
    expect(quoteIdentifier('a"b')).toBe('"a""b"');
    expect(quoteIdentifier("a".repeat(63))).toHaveLength(65);
    for (const name of ["", "a\0b", "a".repeat(64), "é".repeat(32)]) {
      expect(() => quoteIdentifier(name)).toThrow(RangeError);
    }
  });
});
