// Whether the time of a sign-in that fails tells who has an account, and which: one at a time, all kinds of
// accounts in turn, and nobody's twice, as the measure of how far two alike ones differ:
//   node bench/failed_sign_ins.mjs postgres://administrator@host/database [--rounds 80]
import { parseArgs } from "node:util";
import { start } from "./children.mjs";
import { createFixture, firstUser } from "./fixture.mjs";
import { openConnection, requestOf } from "./http_client.mjs";
import { median } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "80" } },
});
const rounds = Number(options.rounds);
const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");

const warmUp = 5;
const accounts = ["confirmed", "unconfirmed", "banned", "passwordless"];
const kinds = [...accounts, "nobody", "nobody again"];

const fixture = await createFixture(adminUrl);
let server;
try {
  const { user } = await firstUser(fixture);
  // Each guess is at an account of its own, so that none of them has to wait.
  await fixture.run(
    `insert into users (email, password_hash, email_confirmed_at, banned_until)
     select format('%s.%s@example.com', kind, n),
       case when kind <> 'passwordless' then (select password_hash from users where id = '${user}') end,
       case when kind <> 'unconfirmed' then now() end,
       case when kind = 'banned' then now() + interval '1 day' end
     from unnest('{${accounts}}'::text[]) kind, generate_series(0, ${rounds + warmUp}) n;
     update settings set email_confirmation = 'required'`,
  );
  server = await start("./server.mjs", { ...fixture, connections: 4 });
  const samples = await measure(server.ready.port);
  const nobody = samples.get("nobody");
  const rows = kinds.map((kind) => [kind, rowOf(samples.get(kind), nobody)]);
  console.table(Object.fromEntries(rows));
} finally {
  server?.child.kill();
  await fixture.close();
}

async function measure(port) {
  const connection = openConnection(port);
  const samples = new Map(kinds.map((kind) => [kind, []]));
  for (let n = -warmUp; n < rounds; n += 1) {
    const first = Math.abs(n) % kinds.length;
    // Who comes first takes turns, too.
    for (const kind of [...kinds.slice(first), ...kinds.slice(0, first)]) {
      const email = `${kind.replace(" ", ".")}.${n < 0 ? rounds - n : n}@example.com`;
      const body = { email, password: "not the password" };
      const path = `/${fixture.id}/token`;
      const began = performance.now();
      const { status } = await connection.send(requestOf({ method: "POST", path, body }));
      if (status !== 400) throw new Error(`${kind} was answered ${status}`);
      if (n >= 0) samples.get(kind).push(performance.now() - began);
    }
  }
  connection.close();
  return samples;
}

function rowOf(times, nobody) {
  return {
    sign_ins: times.length,
    "median, ms": median(times).toFixed(2),
    "to nobody's": (median(times) / median(nobody)).toFixed(3),
    "KS, p": sameDistribution(times, nobody).toFixed(2),
  };
}

/** The two-sample test of Kolmogorov and Smirnov: how likely samples this far apart are of one distribution. */
function sameDistribution(one, other) {
  const below = (values, limit) => values.filter((value) => value <= limit).length / values.length;
  const distance = Math.max(
    ...[...one, ...other].map((limit) => Math.abs(below(one, limit) - below(other, limit))),
  );
  const size = Math.sqrt((one.length * other.length) / (one.length + other.length));
  const lambda = (size + 0.12 + 0.11 / size) * distance;
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k += 1) sum += 2 * (-1) ** (k - 1) * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(1, Math.max(0, sum));
}
