import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorTable } from "../src/errors.ts";

const functions = readdirSync("sql", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".sql"))
  .map((name) => readFileSync(`sql/${name}`, "utf8"));

const codes = Object.keys(errorTable).sort();

describe("the codes of errors.ts, the SQL and docs/errors.md", () => {
  it("documents each code with its status, and no other", () => {
    const rows = readFileSync("docs/errors.md", "utf8").matchAll(/^\| `(\w+)` \| (\d+) \|/gm);
    const documented = Object.fromEntries(
      [...rows].map(([, code, status]) => [code, Number(status)]),
    );
    const table = Object.fromEntries(
      Object.entries(errorTable).map(([code, { status }]) => [code, status]),
    );
    expect(documented).toEqual(table);
  });

  it("knows every outcome that SQL returns", () => {
    const returned = functions.flatMap((sql) => [
      ...sql.matchAll(
        /(?:'outcome', |(?:refusal|wait)_json\()'(\w+)'|then '([a-z]+(?:_[a-z]+)+)'|return '([a-z]+(?:_[a-z]+)+)'/g,
      ),
    ]);
    const outcomes = new Set(returned.map(([, a, b, c]) => a ?? b ?? c));
    expect(outcomes.size).toBeGreaterThan(10);
    expect([...outcomes].filter((outcome) => !codes.includes(outcome ?? ""))).toEqual([]);
  });

  it("lists in a function's head what it returns, by known codes", () => {
    const listed = functions.flatMap((sql) => {
      const head = /-- Returns: ([\s\S]*?)\.(?: |\n)/.exec(sql)?.[1] ?? "";
      return head.match(/[a-z]+(?:_[a-z]+)+/g) ?? [];
    });
    expect(listed.filter((code) => !codes.includes(code))).toEqual([]);
  });

  it("maps every SQLSTATE that SQL raises", () => {
    const raised = new Set(functions.flatMap((sql) => sql.match(/(?<=errcode = ')MA\d{3}/g) ?? []));
    const mapped = Object.values(errorTable).flatMap((definition) =>
      "sqlstate" in definition ? [definition.sqlstate] : [],
    );
    expect([...raised].sort()).toEqual([...mapped].sort());
  });

  it("never raises without a code of its own: P0001 is the application's word", () => {
    const raises = functions.flatMap((sql) => sql.match(/\braise exception\b[^;]*;/gi) ?? []);
    expect(raises.length).toBeGreaterThan(4);
    const owned = /using\s+errcode = '(MA9\d\d|check_violation|40001)'/;
    expect(raises.filter((statement) => !owned.test(statement))).toEqual([]);
    const others = functions.filter((sql) => /\braise\s*;|\braise sqlstate|P0001/i.test(sql));
    expect(others).toEqual([]);
  });
});
