// The limit on this machine: the same SQL function under pgbench, which does nothing else.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether pgbench is on this machine. */
export async function hasPgbench(program) {
  try {
    await run(program, ["--version"]);
    return true;
  } catch {
    return false;
  }
}

/** Transactions a second of a pgbench script. */
export async function pgbench({ program, url, script, clients, seconds, variables = {} }) {
  const folder = await mkdtemp(join(tmpdir(), "miosa-bench-"));
  try {
    const file = join(folder, "script.sql");
    await writeFile(file, script);
    const defined = Object.entries(variables).flatMap(([name, value]) => [
      "-D",
      `${name}=${value}`,
    ]);
    const { stdout } = await run(program, [
      ...["-n", "-M", "prepared", "-f", file, "-c", String(clients), "-j", "2"],
      ...["-T", String(seconds), ...defined, url],
    ]);
    return {
      rate: Number(/tps = ([\d.]+)/.exec(stdout)?.[1]),
      p50: Number(/latency average = ([\d.]+)/.exec(stdout)?.[1]),
      failures: Number(/number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? 0),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
