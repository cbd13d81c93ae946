import { loadMigrationFiles, migrate } from "postgres-migrations";
import type { Transaction } from "./database.ts";

type Query = string | { text: string; values?: unknown[] };
type Answer = { rows: unknown[]; rowCount: number };

const nothing: Answer = { rows: [], rowCount: 0 };

/** A migration as postgres-migrations reads it from its file, and records it. */
export interface MigrationFile {
  readonly id: number;
  readonly name: string;
  readonly hash: string;
  readonly sql: string;
}

/** The migrations of a folder in their order, the one that makes their table first. */
export function migrationFiles(folder: string): Promise<readonly MigrationFile[]> {
  return loadMigrationFiles(folder);
}

/**
 * Runs a folder of migrations with postgres-migrations in the schema that is first in the
 * search_path, inside the caller's transaction.
 *
 * postgres-migrations expects a database to itself: it looks for its table in any schema, takes one
 * lock for the whole database and opens transactions. Here each statement it sends is answered with
 * what fits a schema: the lock is per schema and ends with the transaction, which has all of them or
 * none. A statement that it has never sent before is refused, so that a new release of it
 * cannot do behind our back what nobody has looked at.
 *
 * @returns how many migrations were run
 * @throws DatabaseError
 */
export async function runMigrations(tx: Transaction, folder: string): Promise<number> {
  const files = await loadMigrationFiles(folder);
  const scripts = new Set(files.map((file) => file.sql));
  let failure: unknown;

  const client = {
    async query(query: Query): Promise<Answer> {
      try {
        return await answer(tx, query, scripts);
      } catch (error) {
        failure ??= error;
        throw error;
      }
    },
  };
  try {
    // The library's type asks for a whole pg client; it uses query() alone.
    const done = await migrate({ client: client as never }, folder);
    return done.length;
  } catch (error) {
    throw failure ?? error;
  }
}

async function answer(tx: Transaction, query: Query, scripts: Set<string>): Promise<Answer> {
  const { text, values } = typeof query === "string" ? { text: query, values: [] } : query;
  if (scripts.has(text)) {
    await tx.script(text);
    return nothing;
  }
  const rows = await run(tx, text.trim().replaceAll(/\s+/g, " "), values ?? []);
  return { rows, rowCount: rows.length };
}

async function run(tx: Transaction, text: string, values: unknown[]): Promise<unknown[]> {
  switch (text) {
    case "SELECT pg_try_advisory_lock(-8525285245963000605);":
      await tx.query(
        "select pg_advisory_xact_lock(hashtextextended('miosa_auth/' || current_schema(), 0))",
      );
      return [{ pg_try_advisory_lock: true }];
    case "SELECT pg_advisory_unlock(-8525285245963000605);":
      return [];
    case "SELECT EXISTS ( SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname = $1 AND c.relkind = 'r' );":
      return tx.query(
        "select to_regclass(format('%I.%I', current_schema(), $1::text)) is not null as exists",
        values,
      );
    case "SELECT * FROM migrations ORDER BY id":
      return tx.query(text, values);
    case 'INSERT INTO migrations ("id", "name", "hash") VALUES ($1,$2,$3)':
      return tx.query(
        "insert into migrations (id, name, hash) values ($1::integer, $2, $3) returning id",
        values,
      );
    // The caller's transaction has all of them, and none when one fails.
    case "START TRANSACTION":
    case "COMMIT":
    case "ROLLBACK":
      return [];
    default:
      throw new Error(
        `postgres-migrations sent a statement that nobody has looked at: ${text.slice(0, 80)}`,
      );
  }
}
