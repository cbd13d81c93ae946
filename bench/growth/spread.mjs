// Refresh over HTTP, spread over some of many projects. Each number of projects has a server of its own
// with a few connections, so that its backends have touched these projects and no others.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { asProjectOwner } from "../../dist/src/projects/registry.js";
import { administer } from "../administer.mjs";
import { ask, start } from "../children.mjs";
import { runtimeRole } from "../fixture.mjs";
import { median } from "../report.mjs";
import { manyProjects } from "./many_projects.mjs";
import { tokenOf } from "./tokens.mjs";

const connections = 4;
const clients = 8;

export async function projectSpread({ adminUrl, counts }) {
  const many = await manyProjects(adminUrl, Math.max(...counts));
  const servers = new Map();
  const children = [];
  const close = async () => {
    for (const { child } of children) child.kill();
    await many.admin.close();
  };
  try {
    for (const count of counts) {
      const seed = randomBytes(8).toString("hex");
      const ids = many.ids.slice(0, count);
      for (const id of ids) await seedSessions(many.admin, id, seed);
      const before = await backends(many.adminUrl);
      const server = await start("./server.mjs", { ...many, ids: undefined, connections });
      const load = await start("./growth/spread_load.mjs");
      children.push(server, load);
      const { port } = server.ready;
      // Enough for every connection to have met every project, or nearly.
      await ask(load.child, { port, seed, ids, clients, passes: count === 1 ? 100 : 2 });
      const pids = (await backends(many.adminUrl)).filter((pid) => !before.includes(pid));
      servers.set(count, { server, load, pids });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { measure, close };

  async function measure(count, { seconds }) {
    const { server, load, pids } = servers.get(count);
    await ask(server.child, "reset");
    const result = await ask(load.child, { seconds });
    if (result.failures > 0) throw new Error(`${result.failures} refreshes failed`);
    const { cpuMilliseconds, rssMegabytes } = await ask(server.child, "read");
    const cpuMicroseconds = (cpuMilliseconds * 1000) / result.requests;
    const memory = await Promise.all(pids.map(privateMegabytes));
    return { ...result, cpuMicroseconds, rssMegabytes, backendMegabytes: median(memory) };
  }
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

async function backends(adminUrl) {
  const rows = await administer(
    adminUrl,
    `select pid from pg_stat_activity
     where datname = current_database() and usename = '${runtimeRole}'`,
  );
  return rows.map(({ pid }) => pid);
}

/** What a backend has for itself alone, where this process may read it. */
async function privateMegabytes(pid) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/Private_Dirty: +(\d+) kB/.exec(text)?.[1] ?? Number.NaN) / 1024;
}
