import { randomInt } from "node:crypto";
import pg from "pg";
import { createAuth } from "../../src/auth.ts";
import type { Database, Transaction } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { startServer } from "../../src/http/server.ts";
import type { PostgresEngine } from "../support/engine.ts";
import { startPgBouncer } from "../support/pgbouncer.ts";
import { createTestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";

export interface Interleaved {
  /** How often each kind of request was made. */
  readonly counts: ReadonlyMap<string, number>;
  /** Answers that were not their asker's. */
  readonly wrong: readonly string[];
  /** What stood in the session after a request and should not. */
  readonly traces: readonly string[];
  /** Of Postgres, that served all. */
  readonly backends: number;
}

const clients = 4;

/** What a transaction of another would find; PgBouncer tells the server each client's own application_name. */
const leftOvers = `select pg_backend_pid() as backend, jsonb_build_object(
  'role', current_user, 'path', current_setting('search_path'),
  'timeout', current_setting('statement_timeout'),
  'claims', array_remove(array[
    nullif(current_setting('jwt.claims.sub', true), ''), nullif(current_setting('jwt.claims', true), ''),
    nullif(current_setting('jwt.token', true), ''), nullif(current_setting('request.jwt.claims', true), '')
  ], null),
  'settings', (select array_agg(name order by name) from pg_settings where source = 'session' and name <> 'application_name')
)::text as state`;

/**
 * Requests of two projects in a random order, several at once, over the one server connection of a
 * PgBouncer in transaction mode: as a user, as nobody, refused, failing inside of SQL, cut short by
 * Postgres, and left by their client. After each, the connection is looked at.
 */
export async function interleave(steps: number): Promise<Interleaved> {
  const { engine, runtimeRole, masterKey, publicUrl } = await openService();
  const { server: postgres, database: name } = engine as PostgresEngine;
  const pooler = await startPgBouncer(postgres.port, { poolSize: 1, roles: [runtimeRole] });
  const url = pooler.url(runtimeRole, name);
  const database = connectPostgres({ url, connections: clients });
  const auth = createAuth({ database, masterKey, publicUrl });
  const server = await startServer({ fetch: auth.fetch, host: "127.0.0.1", port: 0 });
  const observers = new pg.Pool({ connectionString: url, max: clients });
  const projects = [await createTestProject(), await createTestProject()];
  const users = await Promise.all(
    projects.map(async (project) => ({ id: project.id, session: await project.signUp() })),
  );

  const counts = new Map<string, number>();
  const wrong: string[] = [];
  const traces = new Set<string>();
  const backends = new Set<number>();

  async function ask(kind: string, { id, session }: (typeof users)[number]): Promise<void> {
    const send = (path: string, init: RequestInit = {}, token = session.access_token) =>
      fetch(`http://127.0.0.1:${server.port}/${id}${path}`, {
        ...init,
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      });
    const asker = { send, database, schema: id, userId: session.user.id };
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (!(await requests[kind]?.(asker))) wrong.push(kind);
  }

  async function look(): Promise<void> {
    const { rows } = await observers.query<{ backend: number; state: string }>(leftOvers);
    for (const { backend, state } of rows) {
      backends.add(backend);
      traces.add(state);
    }
  }

  const any = <T>(choice: readonly T[]) => choice[randomInt(choice.length)] as T;
  await look();
  let left = steps;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left > 0) {
        left -= 1;
        await ask(any(Object.keys(requests)), any(users));
        await look();
      }
    }),
  );
  const [clean] = traces;
  await observers.end();
  await server.close(0);
  await auth.close();
  await database.close();
  await pooler.stop();
  traces.delete(clean ?? "");
  return { counts, wrong, traces: [...traces], backends: backends.size };
}

interface Asker {
  send(path: string, init?: RequestInit, token?: string): Promise<Response>;
  readonly database: Database;
  readonly schema: string;
  readonly userId: string;
}

/** Each says whether it was answered as it should. */
const requests: Record<string, (asker: Asker) => Promise<boolean>> = {
  "as a user": async ({ send, userId }) => {
    const reply = await send("/user");
    return reply.status === 200 && ((await reply.json()) as { id: string }).id === userId;
  },
  "as nobody": async ({ send }) => (await send("/user", {}, "")).status === 401,
  "refused by SQL": async ({ send }) => {
    const body = JSON.stringify({ data: { text: "x".repeat(3_000) } });
    return (await send("/user", { method: "PATCH", body })).status === 400;
  },
  "left by its client": async ({ send }) => {
    const signal = AbortSignal.timeout(randomInt(1, 5));
    await send("/sessions", { signal }).catch(() => {});
    return true;
  },
  "failing in SQL": (asker) => endsWith(undefined, asker, (tx) => tx.query("select 1 / 0")),
  "cut short": (asker) =>
    endsWith("request_timeout", asker, async (tx) => {
      await tx.script("set local statement_timeout = '5ms'");
      await tx.query("select pg_sleep(1)");
    }),
};

/** A transaction that sets everything, and then fails in that way. */
async function endsWith(
  code: string | undefined,
  { database, schema, userId }: Asker,
  work: (tx: Transaction) => Promise<unknown>,
): Promise<boolean> {
  try {
    await database.transaction(async (tx) => {
      await tx.script(`set local search_path = ${schema}, pg_temp`);
      await tx.query("select set_config('jwt.claims.sub', $1, true)", [userId]);
      await work(tx);
    });
    return false;
  } catch (error) {
    return code === undefined || (error as { code?: unknown }).code === code;
  }
}
