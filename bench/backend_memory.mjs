// The memory of a Postgres backend by the projects it has served, with and without an end to its connection.
//   npm run build && node bench/backend_memory.mjs postgres://administrator@localhost/database
//     [--projects 1,100,1000] [--bounds 0,320]
// For a server on this machine: it reads /proc, as root or as the server's user. A bound of functions a connection, 0: none.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import * as miosa from "miosa-auth";
import { quickHasher } from "../dist/src/testing/quick_hasher.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    projects: { type: "string", default: "1,100,1000" },
    bounds: { type: "string", default: "0,320" },
  },
});
const runtimeRole = "miosa_bench_server";
const adminUrl = positionals[0];
const steps = options.projects.split(",").map(Number);
const masterKey = miosa.generateMasterKey();
const admin = miosa.connectPostgres({ url: adminUrl, connections: 2 });
const wanted = Array.from({ length: Math.max(...steps) }, (_, i) => `proj_mem_${process.pid}_${i}`);
const ids = [];
const serverUrl = Object.assign(new URL(adminUrl), { username: runtimeRole }).href;

try {
  await miosa.prepareDatabase(admin, { runtimeRole });
  const keyring = miosa.parseKeyring(masterKey);
  for (const id of wanted) {
    await miosa.createProject(admin, { id, keyring });
    ids.push(id);
  }
  const rows = [];
  for (const bound of options.bounds.split(",").map(Number)) rows.push(...(await measure(bound)));
  console.table(rows);
} finally {
  for (const id of ids) await miosa.deleteProject(admin, id);
  await admin.close();
}

async function measure(functionsPerConnection) {
  const database = miosa.connectPostgres({
    ...{ url: serverUrl, connections: 1, preparedStatements: true, functionsPerConnection },
  });
  const hasher = quickHasher();
  const publicUrl = "http://127.0.0.1";
  const auth = miosa.createAuth({ database, masterKey, publicUrl, hasher });
  const rows = [];
  const backends = new Set();
  let most = 0;
  for (const [index, id] of ids.entries()) {
    await useProject(auth, `${publicUrl}/${id}`, `${functionsPerConnection}.${index}@example.com`);
    const served = index + 1;
    // A backend is at its largest when it ends, so it is looked at on the way, too.
    if (!steps.includes(served) && served % 10 !== 0) continue;
    for (const { pid } of await serving()) {
      backends.add(pid);
      most = Math.max(most, await privateMegabytes(pid));
    }
    if (steps.includes(served))
      rows.push(rowOf({ functionsPerConnection, served, most, backends }));
  }
  await auth.close();
  await database.close();
  return rows;
}

function rowOf({ functionsPerConnection, served, most, backends }) {
  return {
    bound: functionsPerConnection || "none",
    "projects served": served,
    "MB at most": Number(most.toFixed(1)),
    "backends seen": backends.size,
  };
}

/** Sign-up, sign-in, refresh and get-user: what a project's users do. */
async function useProject(auth, origin, email) {
  const password = "a perfectly fine phrase";
  await ask(auth, `${origin}/signup`, { body: { email, password } });
  const signedIn = await ask(auth, `${origin}/token`, { body: { email, password } });
  const { refresh_token } = signedIn;
  const { access_token } = await ask(auth, `${origin}/refresh`, { body: { refresh_token } });
  await ask(auth, `${origin}/user`, { token: access_token });
}

async function ask(auth, url, { body, token }) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  const request = body
    ? new Request(url, { method: "POST", headers, body: JSON.stringify(body) })
    : new Request(url, { headers });
  const reply = await auth.fetch(request);
  if (!reply.ok) throw new Error(await reply.text());
  return reply.json();
}

function serving() {
  return admin.transaction((tx) =>
    tx.query("select pid from pg_stat_activity where usename = $1", [runtimeRole]),
  );
}

async function privateMegabytes(pid) {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/Private_Dirty:\s+(\d+)/.exec(rollup)?.[1] ?? 0) / 1024;
}
