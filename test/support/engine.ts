import { randomBytes } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { inject } from "vitest";
import type { Row } from "../../src/database/database.ts";
import type { PostgresMajor } from "./postgres_binaries.ts";
import { type PostgresServer, startPostgres } from "./postgres_server.ts";

/** What a vitest project asks for; vitest.config.ts provides it. */
export type EngineChoice =
  | { readonly kind: "embedded" }
  | { readonly kind: "postgres"; readonly major: PostgresMajor };

declare module "vitest" {
  interface ProvidedContext {
    engine: EngineChoice;
  }
}

export type Engine = EmbeddedEngine | PostgresEngine;

interface EngineBase {
  readonly major: PostgresMajor;
  /** What the server says of itself, such as `18.4`. */
  readonly version: string;
  /** Runs one statement as the superuser, for set-up and assertions. */
  query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]>;
}

export interface EmbeddedEngine extends EngineBase {
  readonly kind: "embedded";
  /** In memory, one connection: `query` inside a transaction of this object deadlocks. */
  readonly pglite: PGlite;
}

export interface PostgresEngine extends EngineBase, PostgresDatabase {
  readonly kind: "postgres";
  readonly server: PostgresServer;
  readonly logFile: string;
  /** Another database of the same server, with an administrator of its own. */
  createDatabase(): Promise<PostgresDatabase>;
}

export interface PostgresDatabase {
  readonly database: string;
  /** LOGIN CREATEROLE, CREATE on the database with grant option, and nothing else. */
  readonly adminRole: string;
  readonly adminUrl: string;
  readonly superUrl: string;
  query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]>;
  url(role: string): string;
  /** A connection of its own as `role`, the administrator when left out; the caller ends it. */
  connect(role?: string): Promise<pg.Client>;
}

let opened: Promise<Engine> | undefined;

/**
 * The engine of this vitest project, opened once per worker.
 *
 * Each worker has a Postgres server of its own, not only a database: roles are cluster-wide, and
 * from 16 on only the administrator who made the product's groups can manage them, so two workers
 * on one server would get in each other's way. A server starts in about a second.
 */
export function openEngine(): Promise<Engine> {
  opened ??= open(inject("engine"));
  return opened;
}

/** Closes the worker's PGlite; the next call of {@link openEngine} starts another. */
export async function closeEmbeddedEngine(): Promise<void> {
  const engine = await opened;
  if (engine?.kind !== "embedded") return;
  opened = undefined;
  await engine.pglite.close();
}

async function open(choice: EngineChoice): Promise<Engine> {
  if (choice.kind === "embedded") return openPglite();
  // A worker whose vitest was killed would otherwise run on, and its server with it.
  process.once("disconnect", () => process.exit(1));
  const server = await startPostgres({ major: choice.major });
  if (!server) throw new Error(`PostgreSQL ${choice.major} is not on this machine`);
  const { major, version, logFile } = server;
  const createDatabase = () => openDatabase(server);
  const database = await createDatabase();
  return { kind: "postgres", major, version, server, logFile, createDatabase, ...database };
}

async function openPglite(): Promise<EmbeddedEngine> {
  const pglite = await PGlite.create();
  const query = async <R extends Row>(sql: string, params: readonly unknown[] = []) =>
    (await pglite.query<R>(sql, [...params])).rows;
  const [row] = await query<{ server_version: string }>("show server_version");
  return { kind: "embedded", major: 18, version: row?.server_version ?? "", pglite, query };
}

async function openDatabase(server: PostgresServer): Promise<PostgresDatabase> {
  const suffix = `${process.env.VITEST_POOL_ID ?? 0}_${randomBytes(4).toString("hex")}`;
  const database = `test_${suffix}`;
  const adminRole = `test_admin_${suffix}`;
  const superUrl = server.url(database);
  await createDatabaseAndAdmin(server, database, adminRole);
  const pool = new pg.Pool({ connectionString: superUrl, max: 4 });
  // Without a listener a server that a test restarts would bring the worker down.
  pool.on("error", () => {});
  return {
    database,
    adminRole,
    adminUrl: server.url(database, adminRole),
    superUrl,
    query: async <R extends Row>(sql: string, params: readonly unknown[] = []) =>
      (await pool.query<R>(sql, [...params])).rows,
    url: (role) => server.url(database, role),
    async connect(role = adminRole) {
      const client = new pg.Client({ connectionString: server.url(database, role) });
      client.on("error", () => {});
      await client.connect();
      return client;
    },
  };
}

async function createDatabaseAndAdmin(server: PostgresServer, database: string, admin: string) {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  try {
    await client.query(`create role ${admin} login createrole`);
    await client.query(`create database ${database}`);
    await client.query(`grant create on database ${database} to ${admin} with grant option`);
    // What an operator does for the second administrator of a server.
    const groups = await client.query(
      "select from pg_catalog.pg_roles where rolname = 'miosa_auth_admin'",
    );
    if (groups.rowCount) await client.query(`grant miosa_auth_admin to ${admin} with admin option`);
  } finally {
    await client.end();
  }
}
