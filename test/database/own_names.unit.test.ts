import { describe, expect, it } from "vitest";
import { callStatement } from "../../src/database/calls.ts";
import { ownName, ownNamePattern, withOwnNames } from "../../src/database/own_names.ts";

const script = `create or replace function refresh(p_a text) returns text
create or replace function uid() returns uuid`;
const pattern = ownNamePattern([script]);
const own = ownName("proj_shop", "refresh");

function written(sql: string): string {
  return withOwnNames(sql, pattern, "proj_shop");
}

describe("the own names of a project's functions", () => {
  it("end with eight digits of the schema's hash", () => {
    expect(own).toMatch(/^refresh_[0-9a-f]{8}$/);
    expect(ownName("proj_shop2", "refresh")).not.toBe(own);
  });

  it("stand in the statement of a call; those of the shared schema and of helpers are plain", () => {
    const call = (schema: string, name: string) => callStatement({ schema, name, args: [] });
    expect(call("proj_shop", "refresh")).toBe(`select "proj_shop"."${own}"() as value`);
    expect(call("proj_shop", "uid")).toBe('select "proj_shop"."uid"() as value');
    expect(call("miosa_auth", "refresh")).toBe('select "miosa_auth"."refresh"() as value');
  });

  it.each([
    ["select refresh($1), refresh ($2)", `select ${own}($1), ${own} ($2)`],
    ["create or replace function refresh(p_a text)", `create or replace function ${own}(p_a text)`],
    ["'refresh(text)'::regprocedure", `'${own}(text)'::regprocedure`],
  ])("replace those that sql/ has: %s", (sql, expected) => {
    expect(written(sql)).toBe(expected);
  });

  it.each([
    "select uid()",
    "select app.refresh($1)",
    'select "refresh"($1)',
    "select do_refresh(1), refresh_all(2)",
    "select 'refresh' as event, refresh from refresh",
  ])("leave other names alone: %s", (sql) => {
    expect(written(sql)).toBe(sql);
  });
});
