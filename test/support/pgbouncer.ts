import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serverUser } from "./postgres_binaries.ts";

export interface Pooler {
  url(role: string, database: string): string;
  stop(): Promise<void>;
}

export interface PoolerOptions {
  /** Server connections for each login and database. */
  readonly poolSize: number;
  readonly roles: readonly string[];
  /** How many may be connected at once; 200 by default. */
  readonly clients?: number;
}

/** Whether Debian's PgBouncer is on this machine. */
export function hasPgBouncer(): boolean {
  return spawnSync("pgbouncer", ["--version"]).status === 0;
}

/** PgBouncer in transaction mode before a server, for logins without passwords. */
export async function startPgBouncer(
  serverPort: number,
  { poolSize, roles, clients = 200 }: PoolerOptions,
): Promise<Pooler> {
  const user = serverUser();
  const folder = mkdtempSync(path.join(tmpdir(), "miosa-pgbouncer-"));
  const port = await freePort();
  const files = {
    "pgbouncer.ini": `[databases]
* = host=127.0.0.1 port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder}/users.txt
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = ${clients}
`,
    "users.txt": roles.map((role) => `"${role}" ""\n`).join(""),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  if (user) {
    for (const name of ["", ...Object.keys(files)]) {
      chownSync(path.join(folder, name), user.uid, user.gid);
    }
  }
  const child = spawn("pgbouncer", ["-q", "pgbouncer.ini"], {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: folder,
    ...user,
  });
  const stop = async () => {
    const exit = once(child, "exit");
    if (child.kill("SIGKILL")) await exit;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(child, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: (role, database) => `postgres://${role}@127.0.0.1:${port}/${database}`, stop };
}

async function answers(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt += 1) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error("PgBouncer did not start");
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
