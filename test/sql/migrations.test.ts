import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runMigrations } from "../../src/database/migrate.ts";
import { openService, type TestService } from "../support/service.ts";

let service: TestService;
let folder: string;
let schemas: [string, string];

beforeEach(async () => {
  service = await openService();
  folder = mkdtempSync(path.join(os.tmpdir(), "miosa-migrations-"));
  write("1_one.sql", "create table one (id int);\ninsert into one values (1);");
  write("2_two.sql", "create table two as select count(*)::int as ones from one;");
  const suffix = randomBytes(5).toString("hex");
  schemas = [`first_${suffix}`, `second_${suffix}`];
  for (const schema of schemas) {
    await service.admin.transaction((tx) => tx.script(`create schema ${schema}`));
  }
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, sql: string): void {
  writeFileSync(path.join(folder, file), sql);
}

function migrate(schema: string, after?: () => Promise<void>): Promise<number> {
  return service.admin.transaction(async (tx) => {
    await tx.script(`set local search_path = ${schema}, pg_temp`);
    const done = await runMigrations(tx, folder);
    await after?.();
    return done;
  });
}

async function tablesOf(schema: string): Promise<string[]> {
  const rows = await service.engine.query<{ name: string }>(
    "select relname::text as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r' order by 1",
    [schema],
  );
  return rows.map(({ name }) => name);
}

describe("migrations", () => {
  it("run once in each schema of a database, whatever other schemas hold", async () => {
    const [first, second] = schemas;
    await service.engine.query(
      `create table if not exists public.migrations (of_the_customer int)`,
    );
    try {
      expect(await migrate(first)).toBe(3);
      expect(await tablesOf(second)).toEqual([]);
      expect(await migrate(second)).toBe(3);
      for (const schema of schemas) {
        expect(await migrate(schema)).toBe(0);
        expect(await tablesOf(schema)).toEqual(["migrations", "one", "two"]);
        expect(
          await service.engine.query(`select id, name from ${schema}.migrations order by id`),
        ).toEqual([
          { id: 0, name: "create-migrations-table" },
          { id: 1, name: "one" },
          { id: 2, name: "two" },
        ]);
      }
    } finally {
      await service.engine.query("drop table public.migrations");
    }
  });

  it("that are new run after those that were run", async () => {
    const [schema] = schemas;
    await migrate(schema);
    write("3_three.sql", "alter table one add name text; -- the last statement needs no semicolon");
    expect(await migrate(schema)).toBe(1);
    expect(await service.engine.query(`select name from ${schema}.one`)).toEqual([{ name: null }]);
  });

  it("that were changed after they were run are refused, and nothing is done", async () => {
    const [schema] = schemas;
    await migrate(schema);
    write("2_two.sql", "create table two (changed int);");
    write("3_three.sql", "create table three ();");
    await expect(migrate(schema)).rejects.toThrow(/Hashes don't match/);
    expect(await tablesOf(schema)).toEqual(["migrations", "one", "two"]);
  });

  it("leave nothing when one of them fails, and say what the database said", async () => {
    const [schema] = schemas;
    write("3_three.sql", "create table three ();\ninsert into one values ('no number');");
    await expect(migrate(schema)).rejects.toMatchObject({
      name: "DatabaseError",
      sqlstate: "22P02",
    });
    expect(await tablesOf(schema)).toEqual([]);
    write("3_three.sql", "create table three ();");
    expect(await migrate(schema)).toBe(4);
  });

  it("are undone with the transaction that they are part of", async () => {
    const [schema] = schemas;
    const failure = new Error("something later failed");
    await expect(migrate(schema, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await tablesOf(schema)).toEqual([]);
  });
});
