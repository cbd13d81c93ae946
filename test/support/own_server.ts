import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { createAuth } from "../../src/auth.ts";
import type { Row } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import type { PostgresEngine } from "./engine.ts";
import { type PostgresOptions, type PostgresServer, startPostgres } from "./postgres_server.ts";
import { openTestProject, type TestProject } from "./project.ts";

/** A project on a Postgres of the test's own, which the test may restart, crash and stop. */
export interface OwnServer {
  readonly server: PostgresServer;
  readonly project: TestProject;
  /** Stops the server too, unless the test did. */
  close(): Promise<void>;
}

/** Durable: an acknowledged write outlives a crash. Takes more settings of the server, too. */
export async function openOwnServer(
  settings: PostgresOptions["settings"] = {},
): Promise<OwnServer> {
  return openProjectOn(await startOwnServer({ fsync: true, settings }));
}

/** A server of the version that is tested, with nothing in it. */
export async function startOwnServer(
  options: Omit<PostgresOptions, "major"> = {},
): Promise<PostgresServer> {
  const choice = inject("engine");
  if (choice.kind !== "postgres") throw new Error("PGlite has no server");
  const server = await startPostgres({ major: choice.major, ...options });
  if (!server) throw new Error(`PostgreSQL ${choice.major} is not on this machine`);
  return server;
}

/** Makes a project, reached by the server's `url()`. */
export async function openProjectOn(server: PostgresServer): Promise<OwnServer> {
  const engine = engineOf(server);
  const masterKey = generateMasterKey();
  const keyring = parseKeyring(masterKey);
  const runtimeRole = "own_server_runtime";
  const admin = connectPostgres({ url: server.url() });
  await prepareDatabase(admin, { runtimeRole });
  const runtime = connectPostgres({ url: engine.url(runtimeRole) });
  const publicUrl = "http://auth.test";
  const auth = createAuth({ database: runtime, masterKey, publicUrl });
  const service = { engine, admin, runtime, runtimeRole, masterKey, keyring, publicUrl, auth };

  const id = `proj_${randomBytes(6).toString("hex")}`;
  const { jwtSecret } = await createProject(admin, { id, keyring });
  return {
    server,
    project: openTestProject(service, id, jwtSecret),
    async close() {
      await auth.close();
      await Promise.all([admin.close(), runtime.close()]);
      await server.stop();
    },
  };
}

function engineOf(server: PostgresServer): PostgresEngine {
  const { major, version, logFile } = server;
  const connect = async (role?: string) => {
    const client = new pg.Client({ connectionString: server.url("postgres", role) });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  return {
    kind: "postgres",
    major,
    version,
    server,
    logFile,
    database: "postgres",
    adminRole: "postgres",
    adminUrl: server.url(),
    superUrl: server.url(),
    url: (role) => server.url("postgres", role),
    connect,
    createDatabase: () => Promise.reject(new Error("this server has one database")),
    async query<R extends Row = Row>(sql: string, params: readonly unknown[] = []) {
      const client = await connect();
      try {
        return (await client.query<R>(sql, [...params])).rows;
      } finally {
        await client.end();
      }
    },
  };
}
