// What the service costs beside the limits of the same machine, in one interleaved run:
//   npm run bench -- postgres://administrator@host/database [--rounds 5] [--seconds 4]
// Each call three ways: its SQL under pgbench, its function through the pool, its route over HTTP.
// Where a password is hashed, the bare hasher is a limit, too.
import { parseArgs } from "node:util";
import { ask, start } from "./children.mjs";
import { createFixture, seedChains, shareHash, signIn, signUp } from "./fixture.mjs";
import { hasPgbench, pgbench } from "./pgbench.mjs";
import { report } from "./report.mjs";
import { insistent, recordCalls, scriptOf } from "./scripts.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    pgbench: { type: "string", default: "pgbench" },
  },
});
const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");
if (!(await hasPgbench(options.pgbench)))
  throw new Error("pgbench is not on the PATH; name it with --pgbench");

const routes = {
  "get-user": { method: "GET", path: "/user" },
  refresh: { method: "POST", path: "/refresh", rotates: true },
  login: { method: "POST", path: "/token" },
  signup: { method: "POST", path: "/signup" },
};
const comparisons = [
  { measured: "get-user http", limit: "get-user pgbench", target: 0.35 },
  { measured: "get-user pool", limit: "get-user pgbench" },
  { measured: "refresh http", limit: "refresh pgbench", target: 0.65 },
  { measured: "refresh pool", limit: "refresh pgbench" },
  { measured: "login http", limit: "hasher", target: 0.97 },
  { measured: "login pool", limit: "hasher" },
  { measured: "signup http", limit: "hasher" },
  { measured: "signup pool", limit: "hasher" },
  { measured: "get-user http under logins", limit: "get-user http", target: 0.5 },
  { measured: "refresh http under logins", limit: "refresh http", target: 0.5 },
];
const connections = 16;
const rounds = Number(options.rounds);
let seconds = 1;

const fixture = await createFixture(adminUrl);
const server = await start("./server.mjs", { ...fixture, connections });
const { port } = server.ready;
const origin = `http://127.0.0.1:${port}/${fixture.id}`;
const recorder = await signUp(origin, "recorder@example.com");
const users = await Promise.all(
  Array.from({ length: connections }, (_, index) => signUp(origin, `user.${index}@example.com`)),
);
await shareHash(fixture, recorder);
const recorded = await recordCalls({ ...fixture, user: recorder });
const pool = await start("./pool_load.mjs", { ...fixture, connections });
const clients = await start("./http_load.mjs");
const background = await start("./http_load.mjs");
const children = [server, pool, clients, background];
let samples = new Map();

try {
  // The first round makes everything warm, shows that no call is refused, and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    await measureRound(round);
    process.stderr.write(round === 0 ? "warm\n" : `round ${round} of ${rounds}\n`);
    if (round === 0) samples = new Map();
    seconds = Number(options.seconds);
  }
} catch (error) {
  // Said before the children are ended, which fails whatever still waits for one of them.
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const { child } of children) child.kill();
  await fixture.close();
}
await report("limits", {
  title: "Each call of the service beside its limit on the same machine",
  ...{ rounds, seconds, connections, comparisons, samples },
});

async function measureRound(round) {
  await seedChains(fixture, users[0], connections, round);
  record("hasher", await ask(pool.child, { call: "hasher", seconds, users }));
  for (const call of Object.keys(routes)) {
    const script = scriptOf(call, recorded[call], round);
    record(`${call} pgbench`, await limit(round === 0 ? insistent(script) : script));
    record(
      `${call} pool`,
      await ask(pool.child, { call, seconds, users: callers(call, "pool", round) }),
    );
    await renewSessions(call);
    record(`${call} http`, await overHttp(call, round));
    await renewSessions(call);
  }
  for (const call of ["get-user", "refresh"]) {
    const logins = load(background, "login", round);
    record(`${call} http under logins`, await overHttp(call, round));
    await logins;
    await renewSessions(call);
  }
}

function limit(script) {
  const { pgbench: program } = options;
  const extent = ["-T", String(seconds)];
  return pgbench({ program, url: fixture.url, script, clients: connections, extent });
}

async function overHttp(call, round) {
  await ask(server.child, "reset");
  const result = await load(clients, call, round);
  return { ...result, cost: await ask(server.child, "read") };
}

function load({ child }, call, round) {
  const { method, path, rotates } = routes[call];
  const requests = callers(call, "http", round).map(({ token, refreshToken, ...user }) => ({
    ...{ method, path: `/${fixture.id}${path}`, rotates, newEmail: user.newEmail },
    ...(call === "get-user" ? { token } : { body: bodyOf(call, { refreshToken, ...user }) }),
  }));
  return ask(child, { port, seconds, clients: requests });
}

function bodyOf(call, { refreshToken, email, password }) {
  return call === "refresh" ? { refresh_token: refreshToken } : { email, password };
}

function callers(call, way, round) {
  if (call !== "signup") return users;
  return users.map((user, index) => ({ ...user, newEmail: `${way}.${round}.${index}` }));
}

async function renewSessions(call) {
  if (call === "refresh") await Promise.all(users.map((user) => signIn(origin, user)));
}

function record(name, { cost, ...result }) {
  if (result.failures > 0) throw new Error(`${result.failures} of ${name} failed`);
  const perRequest = cost && {
    cpuMicroseconds: (cost.cpuMilliseconds * 1000) / result.requests,
    statements: cost.statements / result.requests,
    loopDelayP99: cost.loopDelayP99,
    loopDelayMax: cost.loopDelayMax,
    rssMegabytes: cost.rssMegabytes,
  };
  samples.set(name, [...(samples.get(name) ?? []), { ...result, ...perRequest }]);
}
