import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openEngine, type PostgresEngine } from "./engine.ts";

const engine = (await openEngine()) as PostgresEngine;

test("the administrator has no more rights than the product may ask for", async () => {
  const [role] = await engine.query(
    `select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication
       from pg_catalog.pg_roles where rolname = $1`,
    [engine.adminRole],
  );
  expect(role).toEqual({
    rolsuper: false,
    rolcreaterole: true,
    rolcreatedb: false,
    rolbypassrls: false,
    rolreplication: false,
  });
  const admin = await engine.connect();
  try {
    await admin.query("create schema engine_smoke");
    await admin.query("drop schema engine_smoke");
    await expect(admin.query("create table public.t ()")).rejects.toMatchObject({ code: "42501" });
  } finally {
    await admin.end();
  }
});

test("the log holds every statement with its parameters", async () => {
  const admin = await engine.connect();
  await admin.query("select $1::text", ["log-needle-7c1e"]);
  await admin.end();
  expect(readFileSync(engine.logFile, "utf8")).toContain("log-needle-7c1e");
});

test("another database has its own administrator", async () => {
  const other = await engine.createDatabase();
  expect(other.database).not.toBe(engine.database);
  const admin = await other.connect();
  const { rows } = await admin.query("select current_database() as database, current_user as role");
  await admin.end();
  expect(rows).toEqual([{ database: other.database, role: other.adminRole }]);
});
