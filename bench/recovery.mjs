// Whether the time of POST /reset tells that somebody has an address, and what mail that cannot leave
// costs it; one request at a time, known and unknown addresses in turn:
//   node bench/recovery.mjs postgres://administrator@host/database [--rounds 400]
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { parseArgs } from "node:util";
import * as miosa from "miosa-auth";
import { asProjectOwner } from "../dist/src/projects/registry.js";

if (process.env.BENCH_RECOVERY) await serve(JSON.parse(process.env.BENCH_RECOVERY));
else await compare();

async function serve({ url, masterKey, mail }) {
  const database = miosa.connectPostgres({ url, preparedStatements: true });
  const publicUrl = "http://127.0.0.1";
  const auth = miosa.createAuth({ database, masterKey, publicUrl, ...(mail ? { mail } : {}) });
  const server = await miosa.startServer({ fetch: auth.fetch, host: "127.0.0.1", port: 0 });
  process.on("disconnect", () => process.exit());
  process.send?.({ port: server.port });
}

async function compare() {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: "string", default: "400" } },
  });
  const rounds = Number(options.rounds);
  const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
  if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");

  const id = `proj_bench_${randomBytes(4).toString("hex")}`;
  const masterKey = miosa.generateMasterKey();
  const admin = miosa.connectPostgres({ url: adminUrl, connections: 2 });
  await miosa.prepareDatabase(admin, { runtimeRole: "miosa_bench_server" });
  await miosa.createProject(admin, { id, keyring: miosa.parseKeyring(masterKey) });
  await miosa.changeSettings(admin, id, {
    mails_per_address: 0,
    mail_interval: 0,
    mails_per_recipient_per_day: 1000,
    mail_recipients_per_hour: 100_000,
  });
  const url = new URL(adminUrl);
  url.username = "miosa_bench_server";
  url.password = "";

  try {
    await asProjectOwner(admin, id, (tx) =>
      tx.script(
        `insert into users (email)
         select format('known.%s@example.com', n) from generate_series(0, ${2 * rounds}) n`,
      ),
    );
    const calm = await measure({ url: url.href, masterKey, id, rounds });
    // Nothing listens there: every mail waits, and the delivery tries again and again.
    const transport = { url: "smtp://127.0.0.1:9", from: "auth@shop.example" };
    const down = await measure({ url: url.href, masterKey, id, rounds, mail: { transport } });
    console.table({ calm: rowOf(calm), "SMTP down": rowOf(down) });
    console.log(`SMTP down / calm: ${(median(down.known) / median(calm.known)).toFixed(3)}`);
  } finally {
    await miosa.deleteProject(admin, id);
    await admin.close();
  }
}

async function measure({ id, rounds, ...settings }) {
  const child = fork(new URL(import.meta.url), {
    env: { ...process.env, BENCH_RECOVERY: JSON.stringify(settings) },
  });
  const { port } = await new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`the server exited with ${code}`)));
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const run = randomBytes(4).toString("hex");
  const timed = (email) => ask(agent, port, `/${id}/reset`, { email });
  const samples = { known: [], unknown: [] };
  try {
    for (let n = 0; n < 100; n += 1) {
      await timed(`known.${n}@example.com`);
      await timed(`warm.${run}.${n}@example.com`);
    }
    for (let n = 0; n < rounds; n += 1) {
      const both = [
        ["known", `known.${rounds + n}@example.com`],
        ["unknown", `nobody.${run}.${n}@example.com`],
      ];
      // Who comes first takes turns, too.
      for (const [kind, email] of n % 2 ? both : both.reverse())
        samples[kind].push(await timed(email));
    }
  } finally {
    agent.destroy();
    child.removeAllListeners("exit");
    child.kill();
  }
  return samples;
}

/** Milliseconds. */
function ask(agent, port, path, body) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const headers = { "Content-Type": "application/json" };
    const sent = request({ agent, port, path, method: "POST", headers }, (reply) => {
      reply.resume().once("end", () => {
        if (reply.statusCode === 200) resolve(performance.now() - start);
        else reject(new Error(`${path} answered ${reply.statusCode}`));
      });
    });
    sent.once("error", reject).end(JSON.stringify(body));
  });
}

function rowOf({ known, unknown }) {
  const ratio = median(known) / median(unknown);
  return {
    "known, ms": round(median(known)),
    "unknown, ms": round(median(unknown)),
    "known / unknown": round(ratio),
  };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
