import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { lock } from "proper-lockfile";
import { AuthError } from "../errors.ts";

/** A folder that this process alone uses, until it is released. */
export interface LockedFolder {
  readonly path: string;
  release(): Promise<void>;
}

const staleAfter = 5_000;

/**
 * Takes a data folder for this process. PGlite has no lock of its own, and two processes on one
 * folder lose rows without a word. After a crash the lock lapses within five seconds, for which
 * this waits.
 *
 * @throws AuthError validation_failed when another process has it
 */
export async function lockDataFolder(folder: string): Promise<LockedFolder> {
  const path = resolve(folder);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const owner = join(path, "owner.pid");
  try {
    const release = await lock(path, {
      lockfilePath: join(path, "lock"),
      stale: staleAfter,
      update: staleAfter / 4,
      retries: (await isAlive(owner)) ? 0 : { retries: 12, minTimeout: 500, maxTimeout: 500 },
    });
    await writeFile(owner, String(process.pid));
    return { path, release };
  } catch (cause) {
    if ((cause as { code?: string }).code !== "ELOCKED") throw cause;
    throw new AuthError("validation_failed", {
      message: `Another process uses the data folder ${path}; stop it, or choose another with --data`,
      cause,
    });
  }
}

async function isAlive(pidFile: string): Promise<boolean> {
  const pid = Number(await readFile(pidFile, "utf8").catch(() => ""));
  // In a container, a new process often has the number of the one before.
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** The folder's own MIOSA_AUTH_KEY, made by `generate` the first time, readable by its user alone. */
export async function folderKey(folder: string, generate: () => string): Promise<string> {
  const file = join(folder, "miosa_auth_key");
  try {
    await writeFile(file, `${generate()}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
  await chmod(file, 0o600);
  return (await readFile(file, "utf8")).trim();
}
