import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { OsUser } from "./binaries.ts";

/** A cluster on disk and how to run it. */
export interface Cluster {
  /** The folder of `postgres` and `initdb`. */
  readonly bin: string;
  /** A folder that `user` can use; the cluster is in `data` below it, the log in `postgres.log`. */
  readonly folder: string;
  readonly user: OsUser | undefined;
}

export const dataFolder = ({ folder }: Cluster) => path.join(folder, "data");
export const logFile = ({ folder }: Cluster) => path.join(folder, "postgres.log");

/** Makes an empty cluster whose superuser is `postgres`, reached without a password. */
export async function makeCluster(cluster: Cluster): Promise<void> {
  const unfinished = `${dataFolder(cluster)}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const initdb = [
    "-D",
    unfinished,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "-N",
  ];
  await promisify(execFile)(path.join(cluster.bin, "initdb"), initdb, surroundings(cluster));
  await rename(unfinished, dataFolder(cluster));
}

/** Starts a server and waits until it takes connections. */
export async function startCluster(
  cluster: Cluster,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const log = openSync(logFile(cluster), "a");
  const args = ["-D", dataFolder(cluster), "-p", `${port}`];
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
  // Detached: a Ctrl-C in the terminal is for this process, which then stops the server in its turn.
  const child = spawn(path.join(cluster.bin, "postgres"), args, {
    ...surroundings(cluster),
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  child.unref();
  await ready(child, cluster);
  return child;
}

/** Stops a server; `immediate` is a crash, with recovery at the next start. */
export async function stopCluster(
  child: ChildProcess,
  how: "fast" | "immediate" = "fast",
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.ref();
  child.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
  await exit;
}

/**
 * A shell that waits on a pipe from this process. The kernel closes the pipe however the process
 * ends, SIGKILL included, and the shell then takes the server away, and its folder where that is not
 * to be kept.
 */
export function guardCluster({ folder }: Cluster, keepsFolder: boolean): ChildProcess {
  const script = `read -r _
    pidfile="$1/data/postmaster.pid"
    if [ -e "$pidfile" ]; then kill -QUIT "$(head -n 1 "$pidfile")"; fi
    [ "$2" = keep ] && exit
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      [ -e "$pidfile" ] || break
      sleep 0.1
    done
    rm -rf "$1"`;
  const guard = spawn("/bin/sh", ["-c", script, "guard", folder, keepsFolder ? "keep" : "remove"], {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
}

/** Whether an OS user can use a folder. */
export function canReach(user: OsUser | undefined, folder: string): boolean {
  // `cwd` would not tell: Node goes there before it becomes that user.
  const look = ["-c", 'cd "$1"', "sh", folder];
  return spawnSync("/bin/sh", look, { cwd: "/", ...user }).status === 0;
}

function surroundings({ folder, user }: Cluster) {
  return { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: "C" }, ...user };
}

/** The postmaster writes its state into line 8 of its pid file; asking costs no connection. */
async function ready(child: ChildProcess, cluster: Cluster): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const [pid, , , , , , , state] = pidFile(cluster);
    if (pid === `${child.pid}` && state?.trim() === "ready") return;
    await sleep(20);
  }
  child.kill("SIGQUIT");
  const log = readFileSync(logFile(cluster), "utf8").split("\n").slice(-20).join("\n");
  throw new Error(`Postgres did not start:\n${log}`);
}

function pidFile(cluster: Cluster): string[] {
  try {
    return readFileSync(path.join(dataFolder(cluster), "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}
