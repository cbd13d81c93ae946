// The limit on this machine: the same SQL functions under pgbench, which does nothing else.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { quantiles } from "./meter.mjs";

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

/**
 * Transactions a second of a pgbench script, and their latencies. `extent` says how long: seconds by
 * `-T`, or transactions of each client by `-t`. Writing every latency down would slow the limit itself,
 * hence the share that is.
 */
export async function pgbench({ program, url, script, clients, extent, ...options }) {
  const { first = 0, settings = "", logged = "0.1" } = options;
  const folder = await mkdtemp(join(tmpdir(), "miosa-bench-"));
  try {
    const file = join(folder, "script.sql");
    await writeFile(file, script);
    const args = [
      ...["-n", "-M", "prepared", "-f", file, "-c", String(clients), "-j", "2"],
      ...["-l", "--log-prefix", join(folder, "latencies"), "--sampling-rate", logged],
      ...[...extent, "-D", `n=${first}`, url],
    ];
    const { stdout } = await run(program, args, { env: { ...process.env, PGOPTIONS: settings } });
    return {
      requests: Number(/transactions actually processed: (\d+)/.exec(stdout)?.[1]),
      rate: Number(/tps = ([\d.]+)/.exec(stdout)?.[1]),
      ...quantiles(await latencies(folder)),
      failures: Number(/number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? 0),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function latencies(folder) {
  const files = (await readdir(folder)).filter((name) => name.startsWith("latencies"));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) =>
    text
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => Number(line.split(" ")[2]) / 1000),
  );
}
