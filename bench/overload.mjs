// What a storm of sign-ins in one project, at five times what the machine can hash, does to the rest:
//   npm run bench:overload -- postgres://administrator@host/database [--rounds 3] [--seconds 30]
//     [--times 5]
// A calm, a storm, the ten seconds after it and the time after those, with the same light load of two projects
// in each: the one that is stormed and its neighbour. Requests come at random moments and wait for nobody, as
// those of many people do.
import { parseArgs } from "node:util";
import { ask, start } from "./children.mjs";
import { copyUser, createFixture, signIn, signUp } from "./fixture.mjs";
import { report } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "30" },
    times: { type: "string", default: "5" },
  },
});
const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");

const rounds = Number(options.rounds);
const times = Number(options.times);
// Requests a second, few enough that they do not wait for each other when all is calm.
const light = { "get-user": 20, refresh: 10, login: 2 };
const clientsOfEach = 20;
// More than the server lets wait, so that one is always free to come, and each a user of its own: guesses at one
// user's password are counted while they run.
const stormClients = 500;
const connections = 10;
const phases = ["calm", "storm", "at once after", "after"];
let seconds = 2;

const stormed = await createFixture(adminUrl);
const neighbour = await createFixture(adminUrl, stormed.masterKey);
const server = await start("./server.mjs", { ...stormed, connections });
const { port } = server.ready;
const saturating = await start("./http_load.mjs");
const paced = await start("./paced_load.mjs");
const storm = await start("./paced_load.mjs");
const users = new Map();
let storming = [];
let samples = new Map();

try {
  for (const { id } of [stormed, neighbour]) users.set(id, await signUpAll(id));
  const crowd = await copyUser(stormed, users.get(stormed.id)[0], stormClients);
  storming = crowd.map((user) => requestOf("login", stormed.id, user));
  for (let round = 0; round <= rounds; round += 1) {
    await measureRound();
    process.stderr.write(round === 0 ? "warm\n" : `round ${round} of ${rounds}\n`);
    if (round === 0) samples = new Map();
    seconds = Number(options.seconds);
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const { child } of [server, saturating, paced, storm]) child.kill();
  await stormed.close();
  await neighbour.close();
}
if (process.exitCode === undefined) {
  const calls = ["neighbour", "stormed"].flatMap((name) =>
    Object.keys(light).map((call) => `${name}'s ${call}`),
  );
  await report("overload", {
    title: `A storm of sign-ins in one project, ${times} times what can be hashed`,
    ...{ rounds, seconds, connections, samples },
    comparisons: [
      { measured: "the storm", limit: "capacity", target: 0.7 },
      ...calls
        .filter((call) => call !== "stormed's login")
        .flatMap((call) => [
          ratio(`${call}, storm`, `${call}, calm`, "p50"),
          ratio(`${call}, storm`, `${call}, calm`, "p99", 2),
        ]),
      ...calls.flatMap((call) => [
        ratio(`${call}, at once after`, `${call}, calm`, "p99"),
        ratio(`${call}, after`, `${call}, calm`, "p99"),
      ]),
      ratio("server, storm", "server, calm", "rssMegabytes"),
      ratio("server, after", "server, calm", "rssMegabytes"),
    ],
    notes: [
      "Latencies are those of sign-ins that were let in; the others were answered 503 at once.",
      "The storm's rate is that of its good answers; its last came `drained` milliseconds after its last request.",
    ],
  });
}

function ratio(measured, limit, of, target) {
  return { measured, limit, of, target, most: true };
}

async function signUpAll(id) {
  const signUps = Array.from({ length: clientsOfEach }, (_, index) =>
    signUp(originOf(id), `user.${index}@example.com`),
  );
  return Promise.all(signUps);
}

async function measureRound() {
  const clients = storming.slice(0, 16);
  const capacity = await ask(saturating.child, { port, seconds, clients });
  if (capacity.failures > 0) throw new Error(`${capacity.failures} sign-ins failed`);
  record("capacity", capacity);

  const loads = new Map();
  for (const phase of phases) loads.set(phase, await lightLoad());
  const stream = { name: "the storm", perSecond: times * capacity.rate, clients: storming };
  await measurePhase("calm", loads);
  const answered = ask(storm.child, { port, seconds, streams: [stream] });
  await measurePhase("storm", loads);
  await measurePhase("at once after", loads, Math.min(10, seconds));
  const { "the storm": answers } = await answered;
  if (answers.failed > 0) throw new Error(`${answers.failed} answers of the storm were no 503`);
  record("the storm", answers);
  await measurePhase("after", loads);
}

async function measurePhase(phase, loads, length = seconds) {
  await ask(server.child, "reset");
  const results = await ask(paced.child, { port, seconds: length, streams: loads.get(phase) });
  for (const [name, result] of Object.entries(results)) {
    const { refused, failed } = result;
    // The stormed project's own sign-ins stand in the storm's line.
    if (failed > 0 || (refused > 0 && name !== "stormed's login"))
      throw new Error(`${name}, ${phase}: ${refused} answered 503, ${failed} otherwise failed`);
    record(`${name}, ${phase}`, result);
  }
  const { rssMegabytes, loopDelayP99 } = await ask(server.child, "read");
  record(`server, ${phase}`, { rssMegabytes, loopDelayP99 });
}

/** New sessions for each phase: a client that is opened anew begins with the first refresh token. */
async function lightLoad() {
  const streams = [];
  for (const [id, name] of [
    [stormed.id, "stormed"],
    [neighbour.id, "neighbour"],
  ]) {
    const signIns = users.get(id).map((user) => signIn(originOf(id), { ...user }));
    const signedIn = await Promise.all(signIns);
    for (const [call, perSecond] of Object.entries(light)) {
      const clients = signedIn.map((user) => requestOf(call, id, user));
      streams.push({ name: `${name}'s ${call}`, perSecond, clients });
    }
  }
  return streams;
}

function originOf(id) {
  return `http://127.0.0.1:${port}/${id}`;
}

function requestOf(call, id, { token, refreshToken: refresh_token, email, password }) {
  if (call === "get-user") return { method: "GET", path: `/${id}/user`, token, expects: email };
  const [path, body] =
    call === "refresh" ? ["/refresh", { refresh_token }] : ["/token", { email, password }];
  return { method: "POST", path: `/${id}${path}`, body, rotates: call === "refresh" };
}

function record(name, sample) {
  samples.set(name, [...(samples.get(name) ?? []), sample]);
}
