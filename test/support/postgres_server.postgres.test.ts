import { existsSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { type PostgresServer, startPostgres } from "./postgres_server.ts";

const choice = inject("engine");
const major = choice.kind === "postgres" ? choice.major : 18;

async function ask(server: PostgresServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("data outlives a restart and a crash, and nothing outlives a stop", async () => {
  const server = await startPostgres({ major, fsync: true, settings: { work_mem: "5MB" } });
  if (!server) throw new Error("not on this machine");
  try {
    await ask(server, "create table t as select 1 as one");
    for (const how of ["fast", "immediate"] as const) {
      await server.restart(how);
      expect(await ask(server, "select * from t")).toEqual([{ one: 1 }]);
    }
    expect(await ask(server, "show work_mem")).toEqual([{ work_mem: "5MB" }]);
    expect(await ask(server, "show fsync")).toEqual([{ fsync: "on" }]);
  } finally {
    await server.stop();
  }
  expect(existsSync(path.dirname(server.logFile))).toBe(false);
  await expect(ask(server, "select 1")).rejects.toThrow("ECONNREFUSED");
});
