import { execFile } from "node:child_process";
import { appendFile, chown, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { type Cluster, dataFolder } from "../../src/development/postgres/process.ts";
import { type PostgresServer, startPostgres } from "./postgres_server.ts";

/** A physical standby: it has what its primary has, and takes no writes until it is promoted. */
export interface Standby extends PostgresServer {
  /** Ends the stream from the primary, as a network does that fails. */
  cutOff(): Promise<void>;
  /** Makes a primary of it, once all that it received is there. */
  promote(): Promise<void>;
}

/** What a primary of standbys is started with. */
export const primarySettings = {
  wal_level: "replica",
  max_wal_senders: "8",
  // Enough for what is written while a standby is copied.
  wal_keep_size: "256MB",
};

/**
 * Copies a running server by the protocol of low-level base backups, since npm has no pg_basebackup,
 * and streams from it. `synchronous`: from now on the primary acknowledges what both have.
 */
export async function startStandby(
  primary: PostgresServer,
  { synchronous }: { readonly synchronous: boolean },
): Promise<Standby> {
  const server = await startPostgres({
    major: primary.major,
    settings: primarySettings,
    async fill(cluster) {
      await copyRunning(primary, cluster);
      const from = `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=postgres'\n`;
      await appendFile(path.join(dataFolder(cluster), "postgresql.auto.conf"), from);
      await writeOwned(cluster, "standby.signal", "");
    },
  });
  if (!server) throw new Error(`PostgreSQL ${primary.major} is not on this machine`);
  // After the copy, which would have it as well and wait for standbys when it is promoted.
  if (synchronous) await set(primary, "synchronous_standby_names", "*");
  const state = synchronous ? "sync" : "async";
  await until(primary, `select from pg_stat_replication where sync_state = '${state}'`);
  return {
    ...server,
    async cutOff() {
      await set(server, "primary_conninfo", "");
      await until(server, "select where not exists (select from pg_stat_wal_receiver)");
    },
    async promote() {
      await query(server, "select pg_promote(true, 60)");
    },
  };
}

/** Copies a server's data folder so that recovery makes it whole, while the server goes on. */
export async function copyRunning(server: PostgresServer, cluster: Cluster): Promise<void> {
  const target = dataFolder(cluster);
  await mkdir(target, { mode: 0o700 });
  await giveAway(cluster, target);
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  // The session that begins a backup has to end it.
  await client.query("select pg_backup_start('copy', true)");
  // What vanishes meanwhile is made again by recovery; WAL is streamed.
  const copy = `tar --ignore-failed-read --warning=no-file-changed --exclude=./pg_wal/* --exclude=./pg_replslot/* \
    --exclude=./postmaster.* -C "$1" -cf - . | tar -xf - -C "$2"`;
  await promisify(execFile)("/bin/sh", ["-c", copy, "copy", dataFolder(server.cluster), target]);
  const { rows } = await client.query<{ labelfile: string }>(
    "select labelfile from pg_backup_stop(false)",
  );
  await client.end();
  await writeOwned(cluster, "backup_label", rows[0]?.labelfile ?? "");
}

async function writeOwned(cluster: Cluster, name: string, text: string): Promise<void> {
  const file = path.join(dataFolder(cluster), name);
  await writeFile(file, text);
  await giveAway(cluster, file);
}

async function giveAway({ user }: Cluster, file: string): Promise<void> {
  if (user) await chown(file, user.uid, user.gid);
}

async function set(server: PostgresServer, name: string, value: string): Promise<void> {
  await query(server, `alter system set ${name} = '${value}'`);
  await query(server, "select pg_reload_conf()");
}

/** Until a query has a row; bounded. */
async function until(server: PostgresServer, condition: string): Promise<void> {
  for (let look = 0; look < 600; look += 1) {
    if ((await query(server, condition)).length > 0) return;
    await sleep(50);
  }
  throw new Error(`it never came true: ${condition}`);
}

async function query(server: PostgresServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url() });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
