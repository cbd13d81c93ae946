// Whether refresh stays as quick as a project grows, and as the projects become many:
//   npm run bench:growth -- postgres://administrator@host/database [--rounds 5] [--seconds 4]
//     [--sizes 1000,100000,1000000] [--projects 1,100,1000]
// The sizes are compared under pgbench, where nothing else is in the latency; every refresh is of the
// next user, so that the whole of a project is touched. The projects are compared over HTTP. They stay
// in the database miosa_bench_many for the next run; 10,000 of them take half an hour to make.
import { parseArgs } from "node:util";
import { userSizes } from "./growth/sizes.mjs";
import { projectSpread } from "./growth/spread.mjs";
import { hasPgbench } from "./pgbench.mjs";
import { report } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    sizes: { type: "string", default: "1000,100000,1000000" },
    projects: { type: "string", default: "1,100,1000" },
    pgbench: { type: "string", default: "pgbench" },
  },
});
const adminUrl = positionals[0] ?? process.env.MIOSA_AUTH_DATABASE;
if (!adminUrl) throw new Error("give the administrator's URL of a Postgres database");
if (!(await hasPgbench(options.pgbench)))
  throw new Error("pgbench is not on the PATH; name it with --pgbench");

const sizes = options.sizes.split(",").map(Number);
const projects = options.projects.split(",").map(Number);
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);

await measureAll(userSizes, "users", sizes, [{ of: "p50", target: 1.1, most: true }]);
await measureAll(projectSpread, "projects", projects, [
  { target: 0.9 },
  { of: "backendMegabytes", most: true },
]);

/** Reports each as it is done. Fewer than two counts are nothing to compare, and are left out. */
async function measureAll(prepare, unit, counts, ratios) {
  const [least, ...more] = counts;
  if (more.length === 0) return;
  const samples = new Map();
  const nameOf = (count) => `refresh, ${count} ${unit}`;
  const { measure, close } = await prepare({ adminUrl, counts, program: options.pgbench });
  try {
    // The first round makes everything warm and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      for (const count of counts) {
        const sample = await measure(count, { seconds, round });
        if (round > 0) samples.set(nameOf(count), [...(samples.get(nameOf(count)) ?? []), sample]);
      }
      process.stderr.write(round === 0 ? `${unit}: warm\n` : `round ${round} of ${rounds}\n`);
    }
  } finally {
    await close();
  }
  await report(`growth-${unit}`, {
    title: `Refresh as ${unit} become more`,
    ...{ rounds, seconds, samples },
    comparisons: ratios.flatMap((ratio) =>
      more.map((count) => ({ measured: nameOf(count), limit: nameOf(least), ...ratio })),
    ),
  });
}
