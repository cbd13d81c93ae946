import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { packagedBin, versionOf } from "../../src/development/postgres/binaries.ts";

export { serverUser } from "../../src/development/postgres/binaries.ts";

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

/** Whether a version has a module that a server can load at its start, such as `auto_explain`. */
export function hasModule(major: PostgresMajor, name: string): boolean {
  const bin = findPostgres(major)?.bin;
  if (bin === undefined) return false;
  // Where packages differ: beside `bin`, with a folder of their own or without.
  const folders = ["lib", "lib/postgresql"].map((folder) => path.join(bin, "..", folder));
  return folders
    .filter(existsSync)
    .some((folder) => readdirSync(folder).some((file) => path.parse(file).name === name));
}
