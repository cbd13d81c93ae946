import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { PostgresMajor } from "./postgres_binaries.ts";
import { binariesFor, findPostgres, type OsUser, serverUser } from "./postgres_binaries.ts";

export interface PostgresServer {
  readonly major: PostgresMajor;
  readonly version: string;
  readonly port: number;
  /** The folder of `postgres` and whatever client programs came with it. */
  readonly bin: string;
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
  const guard = guardFolder(folder);
  try {
    const bin = await binariesFor(user, binaries, folder);
    const inFolder = { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: "C" }, ...user };
    const data = path.join(folder, "data");
    const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"];
    await promisify(execFile)(path.join(bin, "initdb"), initdb, inFolder);
    const logFile = path.join(folder, "postgres.log");
    const fsync = options.fsync ? "on" : "off";
    const settings = { ...defaults, fsync, full_page_writes: fsync, ...options.settings };
    const run = async (port: number): Promise<ChildProcess> => {
      const log = openSync(logFile, "a");
      const args = ["-D", data, "-p", `${port}`, "-k", folder];
      for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
      const stdio = ["ignore", log, log] as const;
      // Detached: a Ctrl-C in the terminal is for the test runner, the guard does the rest.
      const child = spawn(path.join(bin, "postgres"), args, {
        ...inFolder,
        stdio: [...stdio],
        detached: true,
      });
      closeSync(log);
      child.unref();
      await ready(child, data, logFile);
      return child;
    };
    let port = await freePort();
    let child = await run(port).catch(async () => {
      // Someone else took the port in between.
      port = await freePort();
      return run(port);
    });
    const halt = async (how: "fast" | "immediate" = "fast") => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.ref();
      child.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
      await exit;
    };
    const start = async () => {
      child = await run(port);
    };
    return {
      major: options.major,
      version: binaries.version,
      port,
      bin,
      logFile,
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
    // A private TMPDIR may be closed to the user that root lends. `cwd` would not tell: Node goes
    // there before it becomes that user.
    const look = spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", folder], { cwd: "/", ...user });
    if (look.status === 0) return folder;
    rmSync(folder, { recursive: true });
  }
  throw new Error(`uid ${user?.uid} can use neither ${os.tmpdir()} nor /tmp`);
}

/**
 * A shell that waits on a pipe from this process. The kernel closes the pipe however the process
 * ends, SIGKILL included, and the shell then takes the server and its folder away.
 */
function guardFolder(folder: string): ChildProcess {
  const script = `read -r _
    pidfile="$1/data/postmaster.pid"
    if [ -e "$pidfile" ]; then kill -QUIT "$(head -n 1 "$pidfile")"; fi
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      [ -e "$pidfile" ] || break
      sleep 0.1
    done
    rm -rf "$1"`;
  const guard = spawn("/bin/sh", ["-c", script, "guard", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
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

/** The postmaster writes its state into line 8 of its pid file; asking costs no connection. */
async function ready(child: ChildProcess, data: string, logFile: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const [pid, , , , , , , state] = pidFile(data);
    if (pid === `${child.pid}` && state?.trim() === "ready") return;
    await sleep(20);
  }
  child.kill("SIGQUIT");
  const log = readFileSync(logFile, "utf8").split("\n").slice(-20).join("\n");
  throw new Error(`Postgres did not start:\n${log}`);
}

function pidFile(data: string): string[] {
  try {
    return readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}
