import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Row } from "../../src/database/database.ts";
import { grantHelpers } from "../../src/projects/grants.ts";
import { naming } from "./own_names.ts";
import { inTransaction, type Query, type TestProject } from "./project.ts";

/** A role as an application has one: a login of its own on Postgres. */
export interface AppRole {
  readonly name: string;
  /** Its own schema, first in its path, for tables with policies. */
  readonly schema: string;
  /** Runs `work` in one transaction as this role; rolled back when it throws. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

export interface AppRoleOptions {
  /** Whether it may use the project's helpers for policies, as by default. */
  readonly helpers?: boolean;
}

/** Makes a role that owns nothing and has one schema to create in. */
export async function createAppRole(
  project: TestProject,
  { helpers = true }: AppRoleOptions = {},
): Promise<AppRole> {
  const { service } = project;
  const name = `test_app_${randomBytes(5).toString("hex")}`;
  await inTransaction(service, async (query) => {
    await query(`create role ${name} login`);
    await query(`create schema ${name}`);
    await query(`grant usage, create on schema ${name} to ${name}`);
  });
  if (helpers) await grantHelpers(service.admin, project.id, name);
  return {
    name,
    schema: name,
    transaction: (work) =>
      transactionAs(project, name, async (query) => {
        await query(`set local search_path = ${name}`);
        return work(query);
      }),
  };
}

/** Runs `work` in one transaction as a role, over a connection of its own on Postgres. */
export async function transactionAs<T>(
  { id, service }: TestProject,
  role: string,
  act: (query: Query) => Promise<T>,
): Promise<T> {
  const { engine } = service;
  const work = (query: Query) => act(naming(query, id));
  if (engine.kind === "embedded") {
    return inTransaction(service, async (query) => {
      await query(`set local role ${role}`);
      return work(query);
    });
  }
  const client = new pg.Client({ connectionString: engine.url(role) });
  await client.connect();
  try {
    await client.query("begin");
    const value = await work(
      async <R extends Row>(text: string, params: readonly unknown[] = []) =>
        (await client.query<R>(text, [...params])).rows,
    );
    await client.query("commit");
    return value;
  } finally {
    await client.end();
  }
}

/** The SQLSTATE with which a statement is refused, or null; the transaction goes on either way. */
export async function refusal(
  query: Query,
  text: string,
  params: readonly unknown[] = [],
): Promise<string | null> {
  await query("savepoint attempt");
  try {
    await query(text, params);
    await query("release savepoint attempt");
    return null;
  } catch (error) {
    await query("rollback to savepoint attempt");
    return String((error as { code?: unknown }).code);
  }
}
