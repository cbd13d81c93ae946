// The service beside Better Auth, on the same Postgres, in one interleaved run:
//   npm ci --prefix bench/peers
//   npm run bench:peers -- postgres://administrator@host/database [--rounds 5] [--seconds 4]
// Both are a server process with as many connections, and hash with the same threads at the same cost.
// Better Auth's get-session reads the session in the database, as our get-user does; with its cookie
// cache, which believes a cookie for five minutes whatever became of the session, it is measured too.
import { parseArgs } from "node:util";
import { ask, start } from "./children.mjs";
import { createFixture, signIn, signUp } from "./fixture.mjs";
import * as peers from "./peers/peer.mjs";
import { report } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
  },
});
const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");

const comparisons = [
  { measured: "get-user", limit: "get-session", target: 8 },
  { measured: "get-user", limit: "get-session, cookie cache" },
  { measured: "refresh", limit: "get-session" },
  { measured: "login", limit: "sign-in" },
  { measured: "signup", limit: "sign-up" },
  ...["get-user", "login", "signup"].map((call, index) => ({
    measured: call,
    limit: ["get-session", "sign-in", "sign-up"][index],
    ...{ of: "cpuMicroseconds", most: true },
  })),
];
const connections = 16;
const rounds = Number(options.rounds);
const names = Array.from({ length: connections }, (_, index) => `user.${index}@example.com`);
let seconds = 1;

const fixture = await createFixture(adminUrl);
const peer = await peers.createPeer(adminUrl);
const ours = await start("./server.mjs", { ...fixture, connections });
const theirs = await peer.start({ connections, cookieCache: false });
const cached = await peer.start({ connections, cookieCache: true });
const load = await start("./http_load.mjs");
const origin = `http://127.0.0.1:${ours.ready.port}/${fixture.id}`;
const peerOrigin = ({ ready }) => `http://127.0.0.1:${ready.port}/api/auth`;
let samples = new Map();

try {
  const users = await Promise.all(names.map((email) => signUp(origin, email)));
  const peerUsers = await Promise.all(
    names.map((email) => peers.signUp(peerOrigin(theirs), email)),
  );
  for (let round = 0; round <= rounds; round += 1) {
    await measureRound(round, users, peerUsers);
    process.stderr.write(round === 0 ? "warm\n" : `round ${round} of ${rounds}\n`);
    if (round === 0) samples = new Map();
    seconds = Number(options.seconds);
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const { child } of [ours, theirs, cached, load]) child.kill();
  await fixture.close();
  await peer.close();
}
if (process.exitCode === undefined)
  await report("peers", {
    title: "Each call of the service beside Better Auth 1.7.25 on the same Postgres",
    ...{ rounds, seconds, connections, comparisons, samples },
    notes: [
      "signup queues a mail as well, refresh writes; get-session does neither.",
      "The service runs with prepared statements; Better Auth has no setting for them.",
    ],
  });

async function measureRound(round, users, peerUsers) {
  const cachedUsers = await Promise.all(
    peerUsers.map((user) => peers.signIn(peerOrigin(cached), user)),
  );
  await measure("get-user", ours, users.map(getUser));
  await measure("get-session", theirs, peerUsers.map(getSession));
  await measure("get-session, cookie cache", cached, cachedUsers.map(getSession));
  await Promise.all(users.map((user) => signIn(origin, user)));
  await measure("refresh", ours, users.map(refresh));
  await Promise.all(users.map((user) => signIn(origin, user)));
  const signsUp = (path, body) =>
    names.map((_, index) => ({ ...post(path, body), newEmail: `new.${round}.${index}` }));
  await measure("login", ours, users.map(withPassword(`/${fixture.id}/token`)));
  await measure("sign-in", theirs, peerUsers.map(withPassword("/api/auth/sign-in/email")));
  const { password } = users[0];
  await measure("signup", ours, signsUp(`/${fixture.id}/signup`, { password }));
  await measure("sign-up", theirs, signsUp("/api/auth/sign-up/email", { password, name: "A" }));
}

function getUser({ token, email }) {
  return { method: "GET", path: `/${fixture.id}/user`, token, expects: email };
}

function getSession({ cookie: Cookie, email }) {
  return { method: "GET", path: "/api/auth/get-session", headers: { Cookie }, expects: email };
}

function refresh({ refreshToken: refresh_token }) {
  return { ...post(`/${fixture.id}/refresh`, { refresh_token }), rotates: true };
}

function withPassword(path) {
  return ({ email, password }) => post(path, { email, password });
}

function post(path, body) {
  return { method: "POST", path, body };
}

async function measure(name, server, clients) {
  await ask(server.child, "reset");
  const result = await ask(load.child, { port: server.ready.port, seconds, clients });
  if (result.failures > 0) throw new Error(`${result.failures} of ${name} failed`);
  const { cpuMilliseconds } = await ask(server.child, "read");
  const cpuMicroseconds = (cpuMilliseconds * 1000) / result.requests;
  samples.set(name, [...(samples.get(name) ?? []), { ...result, cpuMicroseconds }]);
}
