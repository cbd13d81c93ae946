// What a start takes, and what a server costs while nobody asks anything of it:
//   npm run bench:idle -- postgres://administrator@host/database [--rounds 5] [--seconds 20]
//     [--projects 1,1000]
// Starts are compared with the bare Node and the bare PGlite on the same machine. A server at rest has
// been asked for each of its projects once. The projects stay, in databases named miosa_bench_….
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { manyProjects } from "./growth/many_projects.mjs";
import { report } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "20" },
    projects: { type: "string", default: "1,1000" },
  },
});
const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");

const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const counts = options.projects.split(",").map(Number);
// A unit of /proc/<pid>/stat, in milliseconds.
const tick = 10;
const samples = new Map();

const databases = new Map();
for (const count of counts) {
  const name = count === 1 ? "miosa_bench_one" : "miosa_bench_many";
  databases.set(count, await manyProjects(adminUrl, count, name));
}
// The first round fills the caches of the disk, and makes the image that createTestAuth starts from.
for (let round = 0; round <= rounds; round += 1) {
  if (round === 1) samples.clear();
  await measureStarts();
  process.stderr.write(round === 0 ? "warm\n" : `start ${round} of ${rounds}\n`);
}
for (const [count, database] of databases) {
  record(`idle, ${nameOf(count)}`, await idle(database));
  await database.admin.close();
}

await report("idle", {
  title: "Starts, and a server at rest",
  ...{ rounds, seconds, samples },
  comparisons: [
    ...counts.map((count) => ({
      ...{ measured: `serve, ${nameOf(count)}`, limit: "node", of: "milliseconds", most: true },
    })),
    { measured: "createTestAuth", limit: "PGlite", of: "milliseconds", most: true },
    ...counts.slice(1).flatMap((count) =>
      ["rssMegabytes"].map((of) => ({
        measured: `idle, ${nameOf(count)}`,
        limit: `idle, ${nameOf(counts[0])}`,
        ...{ of, most: true },
      })),
    ),
  ],
});

async function measureStarts() {
  record("node", await timeOf(() => nodeRuns("")));
  for (const [count, database] of databases) {
    let server;
    const time = await timeOf(async () => {
      server = await serve(database);
    });
    record(`serve, ${nameOf(count)}`, time);
    await server.stop();
  }
  const importing = (what) => `import { ${what.name} } from "${what.from}";`;
  const pglite = importing({ name: "PGlite", from: "@electric-sql/pglite" });
  record(
    "PGlite",
    await timeOf(() => nodeRuns(`${pglite} await (await PGlite.create()).close();`)),
  );
  const testing = importing({ name: "createTestAuth", from: "miosa-auth/testing" });
  const create = `${testing} await (await createTestAuth()).close();`;
  record("createTestAuth", await timeOf(() => nodeRuns(create)));
}

async function timeOf(work) {
  const start = performance.now();
  await work();
  return { milliseconds: performance.now() - start };
}

/** A process of its own that runs a module and ends. */
function nodeRuns(code) {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { cwd });
  return new Promise((resolve, reject) => {
    child.stderr.pipe(process.stderr);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`node: ${code}`))));
  });
}

/** Starts the command and resolves when it answers. */
async function serve({ url, masterKey }) {
  const port = await freePort();
  const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
  const child = spawn(
    process.execPath,
    [main, "serve", "--database", url, "--port", String(port)],
    { env: { ...process.env, MIOSA_AUTH_KEY: masterKey }, stdio: "ignore" },
  );
  const origin = `http://127.0.0.1:${port}`;
  while (!(await answers(`${origin}/health/ready`))) {
    if (child.exitCode !== null) throw new Error(`serve exited with ${child.exitCode}`);
    await sleep(5);
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = () => {
    child.kill();
    return ended;
  };
  return { pid: child.pid, origin, stop };
}

async function idle(database) {
  const server = await serve(database);
  for (const id of database.ids)
    if (!(await answers(`${server.origin}/${id}/settings`))) throw new Error(`${id} is not served`);
  await sleep(2000);
  const before = await cpuMilliseconds(server.pid);
  await sleep(seconds * 1000);
  const spent = (await cpuMilliseconds(server.pid)) - before;
  const status = await readFile(`/proc/${server.pid}/status`, "utf8");
  await server.stop();
  return {
    cpuPercent: spent / (seconds * 10),
    rssMegabytes: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024,
  };
}

async function cpuMilliseconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) * tick;
}

async function answers(url) {
  return fetch(url).then(
    async (reply) => {
      await reply.arrayBuffer();
      return reply.ok;
    },
    () => false,
  );
}

function freePort() {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function record(name, sample) {
  samples.set(name, [...(samples.get(name) ?? []), sample]);
}

function nameOf(count) {
  return count === 1 ? "1 project" : `${count} projects`;
}
