import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { dumpEmbedded } from "../database/embedded.ts";
import { sqlSet } from "../database/sql_files.ts";
import { prepareDatabase } from "../projects/prepare_database.ts";

let image: Promise<Blob> | undefined;

/**
 * A prepared database as an image, made once a process and kept in `node_modules/.cache`, so that the
 * next process need not make it. Its name holds what it was made from.
 */
export function preparedImage(): Promise<Blob> {
  image ??= findOrMake();
  return image;
}

async function findOrMake(): Promise<Blob> {
  const folder = await cacheFolder();
  if (folder === undefined) return make();
  const file = join(folder, `${fingerprint()}.tar`);
  try {
    return new Blob([await readFile(file)]);
  } catch {
    // Not made yet, by this release.
    const made = await make();
    await keep(file, made);
    return made;
  }
}

async function make(): Promise<Blob> {
  return dumpEmbedded(async (database) => {
    await prepareDatabase(database);
  });
}

async function keep(file: string, made: Blob): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  await writeFile(unfinished, Buffer.from(await made.arrayBuffer()), { mode: 0o600 });
  await rename(unfinished, file);
}

// Without a node_modules folder that can be written to, each process makes its own.
async function cacheFolder(): Promise<string | undefined> {
  const folder = join("node_modules", ".cache", "miosa-auth");
  try {
    await access("node_modules", constants.W_OK);
    await mkdir(folder, { recursive: true });
    return folder;
  } catch {
    return undefined;
  }
}

function fingerprint(): string {
  const { dependencies } = createRequire(import.meta.url)("miosa-auth/package.json") as {
    dependencies: Record<string, string>;
  };
  const versions = [sqlSet("shared").release, dependencies["@electric-sql/pglite"]];
  return createHash("sha256").update(versions.join(" ")).digest("hex").slice(0, 16);
}
