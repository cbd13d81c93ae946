import { join } from "node:path";
import type { Database } from "../database/database.ts";
import { openSharedEmbedded } from "../database/embedded.ts";
import { prepareDatabase } from "../projects/prepare_database.ts";
import { generateMasterKey } from "../projects/secrets.ts";
import { folderKey, lockDataFolder } from "./data_folder.ts";
import { type DatabasePortChoice, onDatabasePort } from "./ports.ts";

/** Where a development service keeps its data. */
export interface DevelopmentData {
  /** The database as its administrator. */
  readonly admin: Database;
  /** The database as its server. */
  readonly runtime: Database;
  readonly masterKey: string;
  /** For applications, psql and migration tools. */
  readonly databaseUrl?: string;
  /** What who connects should know, a sentence each. */
  readonly notes: readonly string[];
}

export interface DataOptions {
  /** The folder that keeps the data; undefined keeps nothing. */
  readonly dataDir: string | undefined;
  /** The port for applications to connect to; undefined opens none. */
  readonly databasePort: DatabasePortChoice | undefined;
}

/** What has to be undone in the end, the last first. */
export type Closers = (() => Promise<void>)[];

const limits =
  "The database at DATABASE_URL is PGlite, one connection shared in turns: a long statement or an open transaction holds everyone up, one that sits idle for 5 s while others wait is rolled back and its client cut, and LISTEN, advisory locks and temporary tables are not kept apart. It asks for no password; a role that the URL names is taken as it is.";

/** PGlite in this process, with a port for others. */
export async function openEmbeddedData(
  { dataDir, databasePort }: DataOptions,
  closers: Closers,
): Promise<DevelopmentData> {
  const { masterKey, path } = await openFolder(dataDir, closers);
  const database = await openSharedEmbedded(path ? { dataDir: join(path, "pglite") } : {});
  closers.push(() => database.close());
  await prepareDatabase(database);
  const data = { admin: database, runtime: database, masterKey };
  if (databasePort === undefined) return { ...data, notes: [] };
  const port = await onDatabasePort(databasePort, (port) => database.listen({ port }));
  closers.push(() => port.close());
  const databaseUrl = `postgres://postgres@127.0.0.1:${port.port}/postgres`;
  return { ...data, databaseUrl, notes: [limits] };
}

/** Takes the data folder for this process, where there is one, and the key that is kept in it. */
export async function openFolder(
  dataDir: string | undefined,
  closers: Closers,
): Promise<{ masterKey: string; path?: string }> {
  if (dataDir === undefined) return { masterKey: generateMasterKey() };
  const folder = await lockDataFolder(dataDir);
  closers.push(() => folder.release());
  return { masterKey: await folderKey(folder.path, generateMasterKey), path: folder.path };
}
