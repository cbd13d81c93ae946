import { defineConfig } from "vitest/config";
import { findPostgres, postgresMajors } from "./test/support/postgres_binaries.ts";
import { closingReporter } from "./test/support/reporter.ts";

// FAULTS_POSTGRES picks the version, FAULTS_SCALE the sizes: test/faults/figures.ts.
const asked = Number(process.env.FAULTS_POSTGRES ?? postgresMajors[0]);
const major = postgresMajors.find((each) => each === asked);
if (major === undefined) throw new Error(`FAULTS_POSTGRES is one of ${postgresMajors.join(", ")}`);

const project = "faults";
const hours = 60 * 60_000;

export default defineConfig({
  test: {
    name: project,
    include: ["test/faults/**/*.long.ts"],
    setupFiles: ["test/support/engine_setup.ts"],
    provide: { engine: { kind: "postgres", major } },
    isolate: false,
    pool: "forks",
    // One file at a time: each measures what it does to the machine.
    maxWorkers: 1,
    testTimeout: 2 * hours,
    hookTimeout: 10 * 60_000,
    reporters: [
      "verbose",
      closingReporter([
        {
          project,
          name: "PostgreSQL",
          version: findPostgres(major)?.version ?? `${major}`,
        },
      ]),
    ],
  },
});
