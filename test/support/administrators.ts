import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Database } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import type { PostgresServer } from "./postgres_server.ts";

export interface Administrator {
  readonly role: string;
  /** The role's name as SQL writes it. Names are such as need the quotes. */
  readonly quoted: string;
  readonly database: string;
  /** Connected as `role`; the caller closes it. */
  readonly connection: Database;
  /** Runs a statement in the database as the superuser. */
  query<R extends pg.QueryResultRow>(sql: string, params?: unknown[]): Promise<R[]>;
}

export interface Rights {
  readonly createRole?: boolean;
  /** What the role may do in its database. */
  readonly create?: "with grant option" | "plain" | "none";
  /** An existing database; a new one without. */
  readonly database?: string;
}

/** Makes a login with just these rights. */
export async function createAdministrator(
  server: PostgresServer,
  { createRole = true, create = "with grant option", database }: Rights = {},
): Promise<Administrator> {
  const suffix = randomBytes(4).toString("hex");
  const role = `Admin-${suffix}`;
  const quoted = `"${role}"`;
  const name = database ?? `Database-${suffix}`;
  await run(server, "postgres", `create role ${quoted} login ${createRole ? "createrole" : ""}`);
  if (!database) await run(server, "postgres", `create database "${name}"`);
  const option = create === "plain" ? "" : create;
  if (create !== "none") {
    await run(server, "postgres", `grant create on database "${name}" to ${quoted} ${option}`);
  }
  return {
    role,
    quoted,
    database: name,
    connection: connectPostgres({ url: server.url(name, role) }),
    query: (sql, params) => run(server, name, sql, params),
  };
}

async function run<R extends pg.QueryResultRow>(
  server: PostgresServer,
  database: string,
  sql: string,
  params: unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  try {
    return (await client.query<R>(sql, params)).rows;
  } finally {
    await client.end();
  }
}
