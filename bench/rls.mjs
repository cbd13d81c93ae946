// What the RLS helpers cost beside a policy written by hand, on a table of a million rows, under pgbench:
//   npm run bench:rls -- postgres://administrator@host/database [--rounds 5] [--seconds 4]
// One table and one policy a role, so that nothing but the policy differs: 100 rows by the index, and
// a scan of all rows. Who asks is set once for the connection, which leaves the query alone to measure.
import { parseArgs } from "node:util";
import * as miosa from "miosa-auth";
import { administer } from "./administer.mjs";
import { createFixture, firstUser } from "./fixture.mjs";
import { hasPgbench, pgbench } from "./pgbench.mjs";
import { report } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    rows: { type: "string", default: "1000000" },
    pgbench: { type: "string", default: "pgbench" },
  },
});
const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");
if (!(await hasPgbench(options.pgbench)))
  throw new Error("pgbench is not on the PATH; name it with --pgbench");

const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const rows = Number(options.rows);
const fixture = await createFixture(adminUrl);
const policies = {
  "by hand": "nullif(current_setting('jwt.claims.sub', true), '')::uuid",
  "uid()": `${fixture.id}.uid()`,
  "verified_uid()": `${fixture.id}.verified_uid()`,
  "live_uid()": `${fixture.id}.live_uid()`,
};
const roles = Object.keys(policies).map((_, index) => `${fixture.id}_reader_${index}`);
const queries = {
  "100 rows": "",
  "full scan":
    "-c enable_indexscan=off -c enable_indexonlyscan=off -c enable_bitmapscan=off -c max_parallel_workers_per_gather=0",
};
const admin = miosa.connectPostgres({ url: adminUrl, connections: 1 });
let samples = new Map();

try {
  const session = await firstUser(fixture);
  await createTable(session.user);
  for (let round = 0; round <= rounds; round += 1) {
    for (const query of Object.keys(queries)) await measureQuery(query, session);
    process.stderr.write(round === 0 ? "warm\n" : `round ${round} of ${rounds}\n`);
    if (round === 0) samples = new Map();
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await administer(adminUrl, `drop table if exists ${fixture.id}_notes`);
  for (const role of roles) await administer(adminUrl, `drop owned by ${role}; drop role ${role}`);
  await admin.close();
  await fixture.close();
}
if (process.exitCode === undefined)
  await report("rls", {
    title: "RLS helpers beside a policy by hand, time of a query on a table of a million rows",
    ...{ rounds, seconds, rows, samples },
    comparisons: Object.keys(queries).flatMap((query) =>
      Object.keys(policies)
        .slice(1)
        .map((policy) => ({
          ...{
            measured: `${query}, ${policy}`,
            limit: `${query}, by hand`,
            of: "p50",
            most: true,
          },
          ...(policy === "uid()" ? { target: 1.05 } : {}),
        })),
    ),
  });

/** Every owner has 100 rows, far from each other. */
async function createTable(reader) {
  const table = `${fixture.id}_notes`;
  await administer(
    adminUrl,
    `
    create table ${table} (owner_id uuid not null, value int not null, body text not null);
    insert into ${table}
      select case when n % ${rows / 100} = 0 then '${reader}'::uuid
        else md5((n % ${rows / 100})::text)::uuid end, n, repeat('x', 80)
      from generate_series(0, ${rows - 1}) n;
    create index on ${table} (owner_id);
    alter table ${table} enable row level security;`,
  );
  for (const [index, expression] of Object.values(policies).entries()) {
    const role = roles[index];
    await administer(
      adminUrl,
      `
      create role ${role} login;
      grant select on ${table} to ${role};
      create policy ${role} on ${table} to ${role} using (owner_id = (select ${expression}));`,
    );
    await miosa.grantHelpers(admin, fixture.id, role);
  }
  await administer(adminUrl, `vacuum (analyze) ${table}`);
}

async function measureQuery(query, { token, user }) {
  const who = `-c jwt.claims.sub=${user} -c jwt.token=${token}`;
  for (const [index, policy] of Object.keys(policies).entries()) {
    const url = new URL(adminUrl);
    url.username = roles[index];
    // Another count of rows than 100 is a division by zero.
    const script = `select sum(value) / (count(*) = 100)::int from ${fixture.id}_notes;\n`;
    const result = await pgbench({
      ...{ program: options.pgbench, url: url.href, script, clients: 1 },
      ...{ extent: ["-T", String(seconds)], settings: `${who} ${queries[query]}`, logged: "1" },
    });
    const name = `${query}, ${policy}`;
    samples.set(name, [...(samples.get(name) ?? []), result]);
  }
}
