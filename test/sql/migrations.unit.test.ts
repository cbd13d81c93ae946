import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadMigrationFiles, migrate } from "postgres-migrations";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sqlSet } from "../../src/database/sql_files.ts";

/** Every statement that the wrapper answers; see src/database/migrate.ts. */
const known = {
  lock: "SELECT pg_try_advisory_lock(-8525285245963000605);",
  look: "SELECT EXISTS ( SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname = $1 AND c.relkind = 'r' );",
  read: "SELECT * FROM migrations ORDER BY id",
  begin: "START TRANSACTION",
  record: 'INSERT INTO migrations ("id", "name", "hash") VALUES ($1,$2,$3)',
  commit: "COMMIT",
  rollback: "ROLLBACK",
  unlock: "SELECT pg_advisory_unlock(-8525285245963000605);",
};

type Query = string | { text: string; values?: unknown[] };

/** Runs the library against a client that answers as Postgres would and writes down what it is asked. */
async function statementsOf(
  folder: string,
  applied: readonly object[] | null,
  fails = "",
): Promise<string[]> {
  const scripts = new Map((await loadMigrationFiles(folder)).map(({ sql, name }) => [sql, name]));
  const sent: string[] = [];
  const client = {
    query: async (query: Query) => {
      const text = typeof query === "string" ? query : query.text;
      const script = scripts.get(text);
      sent.push(script ? `script ${script}` : text.trim().replaceAll(/\s+/g, " "));
      if (script && script === fails) throw new Error("refused");
      if (text === known.lock) return { rows: [{ pg_try_advisory_lock: true }] };
      if (text.includes("EXISTS")) return { rows: [{ exists: applied !== null }] };
      return { rows: text === known.read ? applied : [] };
    },
  };
  await migrate({ client: client as never }, folder).catch((error: Error) => {
    if (!fails) throw error;
  });
  return sent;
}

describe("postgres-migrations", () => {
  it("is the release whose statements were looked at, pinned", () => {
    const require = createRequire(import.meta.url);
    const installed = require.resolve("postgres-migrations/package.json");
    expect(JSON.parse(readFileSync(installed, "utf8")).version).toBe("5.3.0");
    const own = JSON.parse(readFileSync(require.resolve("miosa-auth/package.json"), "utf8"));
    expect(own.dependencies["postgres-migrations"]).toBe("5.3.0");
  });

  it.each(["shared", "project"] as const)(
    "sends these statements and no other for sql/%s",
    async (kind) => {
      const folder = sqlSet(kind).migrations;
      const files = await loadMigrationFiles(folder);
      expect(files.length).toBeGreaterThan(2);
      const each = ({ name }: { name: string }) => [
        known.begin,
        `script ${name}`,
        known.record,
        known.commit,
      ];

      expect(await statementsOf(folder, null)).toEqual([
        known.lock,
        known.look,
        ...files.flatMap(each),
        known.unlock,
      ]);
      expect(await statementsOf(folder, files.slice(0, -1))).toEqual([
        known.lock,
        known.look,
        known.read,
        ...files.slice(-1).flatMap(each),
        known.unlock,
      ]);
      expect(await statementsOf(folder, files)).toEqual([
        known.lock,
        known.look,
        known.read,
        known.unlock,
      ]);
      const [first, second] = files;
      expect(await statementsOf(folder, null, second?.name)).toEqual([
        known.lock,
        known.look,
        ...(first ? each(first) : []),
        known.begin,
        `script ${second?.name}`,
        known.rollback,
        known.unlock,
      ]);
    },
  );
});

describe("the wrapper of postgres-migrations", () => {
  afterEach(() => {
    vi.doUnmock("postgres-migrations");
    vi.resetModules();
  });

  it("refuses a statement that nobody has looked at, and sends it nowhere", async () => {
    vi.resetModules();
    vi.doMock("postgres-migrations", () => ({
      loadMigrationFiles: async () => [],
      migrate: async ({ client }: { client: { query(text: string): Promise<unknown> } }) => {
        await client.query(known.lock);
        await client.query("DROP TABLE users");
      },
    }));
    const { runMigrations } = await import("../../src/database/migrate.ts");
    const sent: string[] = [];
    const tx = {
      query: async (text: string) => {
        sent.push(text);
        return [];
      },
      script: async (text: string) => {
        sent.push(text);
      },
    };
    await expect(runMigrations(tx, "nowhere")).rejects.toThrow(
      "nobody has looked at: DROP TABLE users",
    );
    expect(sent).toEqual([expect.stringContaining("pg_advisory_xact_lock")]);
  });
});
