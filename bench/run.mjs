// What the service costs beside the limits of the same machine, in one interleaved run:
//   npm run bench -- postgres://administrator@host/database [--rounds 5] [--seconds 4]
// The limits: the same SQL function under pgbench, and the bare rate of the password hasher.
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import * as miosa from "miosa-auth";
import { asProjectOwner } from "../dist/src/projects/registry.js";
import { directRate, hasherRate } from "./limits.mjs";
import { hasPgbench, pgbench } from "./pgbench.mjs";
import { median, report } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    pgbench: { type: "string", default: "pgbench" },
  },
});
const connections = 16;
const seconds = Number(options.seconds);
const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");
if (!(await hasPgbench(options.pgbench)))
  throw new Error("pgbench is not on the PATH; name it with --pgbench");

const id = `proj_bench_${randomBytes(4).toString("hex")}`;
const masterKey = miosa.generateMasterKey();
const admin = miosa.connectPostgres({ url: adminUrl, connections: 2 });
await miosa.prepareDatabase(admin, { runtimeRole: "miosa_bench_server" });
await miosa.createProject(admin, { id, keyring: miosa.parseKeyring(masterKey) });
await miosa.changeSettings(admin, id, { logins_per_address: 0, signups_per_address: 0 });
const runtimeUrl = withUser(adminUrl, "miosa_bench_server");

const server = fork(new URL("./server.mjs", import.meta.url), {
  env: {
    ...process.env,
    BENCH_SERVER: JSON.stringify({ url: runtimeUrl, masterKey, connections }),
  },
});
const { port } = await answer(server);
const users = await Promise.all(Array.from({ length: connections }, (_, index) => signUp(index)));
const samples = new Map();

try {
  for (let round = 0; round < Number(options.rounds); round += 1) {
    await measureRound(round);
    process.stderr.write(`round ${round + 1} of ${options.rounds}\n`);
  }
  await report({
    machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
    rounds: Number(options.rounds),
    seconds,
    connections,
    ratios: [
      ratio("get-user / pgbench", "http get-user", "pgbench get-user", 0.35),
      ratio("get-user in pool / pgbench", "pool get-user", "pgbench get-user"),
      ratio("refresh / pgbench", "http refresh", "pgbench refresh", 0.65),
      ratio("login / hasher", "http login", "hasher", 0.97),
      ratio("signup / hasher", "http signup", "hasher"),
      ratio("get-user under logins / calm", "http get-user under logins", "http get-user", 0.5),
      ratio("refresh under logins / calm", "http refresh under logins", "http refresh", 0.5),
    ],
    samples: Object.fromEntries(samples),
  });
} finally {
  server.kill();
  await miosa.deleteProject(admin, id);
  await admin.close();
}

async function measureRound(round) {
  const [first] = users;
  const function_ = (call) => `select "${id}".${call};`;
  await record("pgbench get-user", () =>
    limit(function_("get_user((:sid)::uuid, (:uid)::uuid)"), {
      sid: first.session,
      uid: first.user,
    }),
  );
  await record("http get-user", () => load("GET", "/user"));
  await record("pool get-user", () => directRate(runtimeUrl, id, users, connections, seconds));
  await seedChains(round);
  await record("pgbench refresh", () =>
    limit(`\\set n :n + 1\n${function_(refreshCall(round))}`, { n: 0 }),
  );
  await record("http refresh", () => load("POST", "/refresh", { rotates: true }));
  await record("hasher", () => hasherRate(seconds));
  await record("http login", () => load("POST", "/token"));
  await record("http signup", () => load("POST", "/signup", { signsUp: true, round }));
  for (const [name, path] of [
    ["get-user", "/user"],
    ["refresh", "/refresh"],
  ]) {
    await record(`http ${name} under logins`, async () => {
      const method = path === "/user" ? "GET" : "POST";
      const [measured] = await Promise.all([
        load(method, path, { rotates: path === "/refresh" }),
        load("POST", "/token"),
      ]);
      return measured;
    });
  }
}

async function record(name, measure) {
  await ask("reset");
  const result = await measure();
  const cost = name.startsWith("http") ? await ask("read") : undefined;
  const requests = result.requests ?? 1;
  const perRequest = cost && {
    cpuMicroseconds: (cost.cpuMilliseconds * 1000) / requests,
    statements: cost.calls / requests,
    loopDelayP99: cost.loopDelayP99,
    rssMegabytes: cost.rssMegabytes,
  };
  samples.set(name, [...(samples.get(name) ?? []), { ...result, ...perRequest }]);
}

function ratio(name, measured, limiting, target) {
  const pairs = samples
    .get(measured)
    .map(({ rate }, index) => rate / samples.get(limiting)[index].rate);
  return { name, ratio: median(pairs), min: Math.min(...pairs), max: Math.max(...pairs), target };
}

function limit(script, variables) {
  return pgbench({
    program: options.pgbench,
    url: runtimeUrl,
    script,
    clients: connections,
    seconds,
    variables,
  });
}

async function load(method, path, extra = {}) {
  const clients = users.map((user, index) => clientOf(method, path, user, index, extra));
  const child = fork(new URL("./http_load.mjs", import.meta.url), {
    env: { ...process.env, BENCH_LOAD: JSON.stringify({ ...extra, port, seconds, clients }) },
  });
  const result = await answer(child);
  if (path === "/refresh") await Promise.all(users.map(signInAgain));
  return result;
}

function clientOf(method, path, user, index, { round }) {
  const client = { method, path: `/${id}${path}` };
  if (path === "/user") return { ...client, token: user.token };
  if (path === "/refresh") return { ...client, body: { refresh_token: user.refreshToken } };
  const password = user.password;
  if (path === "/signup") return { ...client, name: `new.${round}.${index}`, body: { password } };
  return { ...client, body: { email: user.email, password } };
}

async function signUp(index) {
  const user = { email: `user.${index}@example.com`, password: "a perfectly fine phrase" };
  return Object.assign(user, await session("/signup", user));
}

async function signInAgain(user) {
  Object.assign(user, await session("/token", user));
}

async function session(path, { email, password }) {
  const reply = await fetch(`http://127.0.0.1:${port}/${id}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  const body = await reply.json();
  if (!reply.ok) throw new Error(JSON.stringify(body));
  const claims = JSON.parse(Buffer.from(body.access_token.split(".")[1], "base64url"));
  const { access_token: token, refresh_token: refreshToken } = body;
  return { token, refreshToken, user: claims.sub, session: claims.session_id };
}

// Chains of tokens that pgbench can compute: SHA-256 of a name and a number.
async function seedChains(round) {
  await asProjectOwner(admin, id, (tx) =>
    tx.query(
      `with s as (insert into sessions (user_id) select $1 from generate_series(0, $2::int - 1) returning id)
       insert into refresh_tokens (session_id, token_hash)
       select s.id, sha256(convert_to(format('%s:%s:0', $3::int, row_number() over () - 1), 'UTF8')) from s`,
      [users[0].user, connections, round],
    ),
  );
}

function refreshCall(round) {
  const name = (number) =>
    `sha256(convert_to('${round}:' || (:client_id)::int::text || ':' || (${number})::text, 'UTF8'))`;
  return `refresh(${name("(:n)::int - 1")}, ${name("(:n)::int")}, sha256('w'), null, null)`;
}

function withUser(url, user) {
  const changed = new URL(url);
  changed.username = user;
  return changed.href;
}

function ask(message) {
  server.send(message);
  return answer(server);
}

function answer(child) {
  return new Promise((resolve, reject) => {
    const failed = (code) => reject(new Error(`a child of the benchmark exited with ${code}`));
    child.once("exit", failed);
    child.once("message", (message) => {
      child.off("exit", failed);
      resolve(message);
    });
  });
}
