// Refresh over HTTP, spread over some of many projects. Each number of projects has a server of its own
// with connections of its own, so that its backends have touched these projects and no others.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { asProjectOwner } from "../../dist/src/projects/registry.js";
import { administer } from "../administer.mjs";
import { ask, start } from "../children.mjs";
import { median } from "../report.mjs";
import { manyProjects } from "./many_projects.mjs";
import { tokenOf } from "./tokens.mjs";

// As many as `serve` has.
const connections = 10;
const clients = 8;

export async function projectSpread({ adminUrl, counts }) {
  const many = await manyProjects(adminUrl, Math.max(...counts));
  const servers = new Map();
  const close = async () => {
    for (const { server, load } of servers.values())
      for (const { child } of [server, load]) child.kill();
    await many.admin.close();
  };
  try {
    for (const count of counts) servers.set(count, await serve(many, count));
  } catch (error) {
    await close();
    throw error;
  }
  return { measure, close };

  async function measure(count, { seconds }) {
    const { server, load, name } = servers.get(count);
    // Twice round all projects; by then connections have ended and begun as they do in the long run. One that
    // nobody used for some seconds was closed.
    await ask(load.child, { turns: Math.max(100, Math.ceil((2 * count) / clients)) });
    await ask(server.child, "reset");
    const result = await ask(load.child, { seconds });
    if (result.failures > 0) throw new Error(`${result.failures} refreshes failed`);
    const { cpuMilliseconds, rssMegabytes } = await ask(server.child, "read");
    const cpuMicroseconds = (cpuMilliseconds * 1000) / result.requests;
    const memory = await backendMemory(many.adminUrl, name);
    return { ...result, cpuMicroseconds, rssMegabytes, backendMegabytes: median(memory) };
  }
}

async function serve({ admin, url, masterKey, ids }, count) {
  const seed = randomBytes(8).toString("hex");
  const touched = ids.slice(0, count);
  for (const id of touched) await seedSessions(admin, id, seed);
  const name = `miosa_bench_${seed}`;
  const named = new URL(url);
  named.searchParams.set("application_name", name);
  const server = await start("./server.mjs", { url: named.href, masterKey, connections });
  const load = await start("./growth/spread_load.mjs");
  await ask(load.child, { port: server.ready.port, seed, ids: touched, clients });
  return { server, load, name };
}

function seedSessions(admin, id, seed) {
  const values = Array.from({ length: clients }, (_, client) => {
    const { hash } = tokenOf(seed, id, client);
    return `(gen_random_uuid(), '\\x${hash.toString("hex")}'::bytea)`;
  });
  return asProjectOwner(admin, id, (tx) =>
    tx.script(`
      with seeded (id, hash) as materialized (
        select id, hash from (values ${values.join(", ")}) v (id, hash)
      ), u as (
        insert into users default values returning id
      ), s as (
        insert into sessions (id, user_id) select seeded.id, u.id from seeded, u
      )
      insert into refresh_tokens (session_id, token_hash) select id, hash from seeded`),
  );
}

/** What each backend has for itself alone, in megabytes, where this process may read it. */
async function backendMemory(adminUrl, name) {
  const rows = await administer(
    adminUrl,
    `select pid from pg_stat_activity where application_name = '${name}'`,
  );
  return Promise.all(
    rows.map(async ({ pid }) => {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
      return Number(/Private_Dirty: +(\d+) kB/.exec(text)?.[1] ?? Number.NaN) / 1024;
    }),
  );
}
