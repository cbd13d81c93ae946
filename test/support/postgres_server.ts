import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { binariesFor, type OsUser, serverUser } from "../../src/development/postgres/binaries.ts";
import {
  type Cluster,
  canReach,
  guardCluster,
  logFile,
  makeCluster,
  startCluster,
  stopCluster,
} from "../../src/development/postgres/process.ts";
import { findPostgres, type PostgresMajor } from "./postgres_binaries.ts";

export interface PostgresServer {
  readonly major: PostgresMajor;
  readonly version: string;
  readonly port: number;
  /** The folder of `postgres` and whatever client programs came with it. */
  readonly bin: string;
  /** Where its data is, and the OS user that it runs as. */
  readonly cluster: Cluster;
  /** Every statement with its parameters is in this file, so tests can look for secrets in it. */
  readonly logFile: string;
  /** A connection string over TCP; no password is asked for. */
  url(database?: string, user?: string): string;
  /** Stops and starts on the same data and port; `immediate` is a crash, with recovery. */
  restart(how?: "fast" | "immediate"): Promise<void>;
  /** The first half of a restart: until `start`, nothing listens on the port. */
  halt(how?: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  readonly major: PostgresMajor;
  /** On for tests about durability; off, the default, is faster. */
  readonly fsync?: boolean;
  /** More server settings, such as `{ max_connections: "20" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Fills the data folder; an empty cluster without. */
  readonly fill?: (cluster: Cluster) => Promise<void>;
}

const defaults = {
  listen_addresses: "127.0.0.1",
  max_connections: "100",
  log_statement: "all",
  log_min_duration_statement: "0",
  log_parameter_max_length: "-1",
  log_parameter_max_length_on_error: "-1",
  log_line_prefix: "%m [%p] %q%u@%d ",
};

/**
 * Starts an empty Postgres in a temporary folder. It goes away, folder included, when `stop` is
 * called or this process ends in any way. Undefined when the version is not on this machine.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer | undefined> {
  const binaries = findPostgres(options.major);
  if (!binaries) return undefined;
  const user = serverUser();
  const folder = makeFolder(user);
  const guard = guardCluster({ bin: binaries.bin, folder, user }, false);
  try {
    const bin = await binariesFor(user, binaries.bin, folder);
    const cluster = { bin, folder, user };
    await (options.fill ?? makeCluster)(cluster);
    const fsync = options.fsync ? "on" : "off";
    const settings = {
      ...defaults,
      unix_socket_directories: folder,
      fsync,
      full_page_writes: fsync,
      ...options.settings,
    };
    const run = (port: number) => startCluster(cluster, port, settings);
    let port = await freePort();
    let child = await run(port).catch(async () => {
      // Someone else took the port in between.
      port = await freePort();
      return run(port);
    });
    const halt = (how: "fast" | "immediate" = "fast") => stopCluster(child, how);
    const start = async () => {
      child = await run(port);
    };
    return {
      major: options.major,
      version: binaries.version,
      port,
      bin,
      cluster,
      logFile: logFile(cluster),
      url: (database = "postgres", role = "postgres") =>
        `postgres://${encodeURIComponent(role)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
      async restart(how) {
        await halt(how);
        await start();
      },
      halt,
      start,
      async stop() {
        await halt();
        await rm(folder, { recursive: true, force: true });
        guard.kill("SIGKILL");
      },
    };
  } catch (error) {
    guard.stdin?.end();
    throw error;
  }
}

function makeFolder(user: OsUser | undefined): string {
  for (const parent of [os.tmpdir(), "/tmp"]) {
    const folder = mkdtempSync(path.join(parent, "miosa-pg-"));
    if (!user) return folder;
    chownSync(folder, user.uid, user.gid);
    // A private TMPDIR may be closed to the user that root lends.
    if (canReach(user, folder)) return folder;
    rmSync(folder, { recursive: true });
  }
  throw new Error(`uid ${user?.uid} can use neither ${os.tmpdir()} nor /tmp`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
