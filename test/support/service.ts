import { randomBytes } from "node:crypto";
import { type Auth, createAuth } from "../../src/auth.ts";
import type { Database } from "../../src/database/database.ts";
import { openEmbedded } from "../../src/database/embedded.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { generateMasterKey, type Keyring, parseKeyring } from "../../src/projects/secrets.ts";
import { closeEmbeddedEngine, type Engine, openEngine } from "./engine.ts";

/** The service on this worker's engine, prepared once, with the rights it has in production. */
export interface TestService {
  readonly engine: Engine;
  /** As the administrator. */
  readonly admin: Database;
  /** As the server: on Postgres a login of the runtime group. */
  readonly runtime: Database;
  readonly runtimeRole: string;
  readonly masterKey: string;
  readonly keyring: Keyring;
  readonly publicUrl: string;
  readonly auth: Auth;
}

let opened: Promise<TestService> | undefined;

const mostEmbeddedProjects = 40;

/**
 * Between two files: another PGlite in place of one that holds many projects, in which everything
 * takes several times as long.
 */
export async function renewEmbeddedService(): Promise<void> {
  const service = await opened;
  if (service?.engine.kind !== "embedded") return;
  const [row] = await service.engine.query<{ projects: number }>(
    "select count(*)::int as projects from miosa_auth.projects",
  );
  if ((row?.projects ?? 0) < mostEmbeddedProjects) return;
  opened = undefined;
  await service.auth.close();
  await closeEmbeddedEngine();
}

/** Opened once per worker; tests make projects of their own in it. */
export function openService(): Promise<TestService> {
  opened ??= open();
  return opened;
}

async function open(): Promise<TestService> {
  const engine = await openEngine();
  const masterKey = generateMasterKey();
  const runtimeRole = `test_runtime_${randomBytes(4).toString("hex")}`;
  const admin =
    engine.kind === "embedded"
      ? await openEmbedded({ pglite: engine.pglite })
      : connectPostgres({ url: engine.adminUrl });
  await prepareDatabase(admin, { runtimeRole });
  const runtime =
    engine.kind === "embedded" ? admin : connectPostgres({ url: engine.url(runtimeRole) });
  const publicUrl = "http://auth.test";
  return {
    engine,
    admin,
    runtime,
    runtimeRole,
    masterKey,
    keyring: parseKeyring(masterKey),
    publicUrl,
    auth: createAuth({ database: runtime, masterKey, publicUrl }),
  };
}
