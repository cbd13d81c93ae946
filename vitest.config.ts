import { defineConfig } from "vitest/config";
import { hasChromium } from "./test/support/chromium.ts";
import type { EngineChoice } from "./test/support/engine.ts";
import { hasPgBouncer } from "./test/support/pgbouncer.ts";
import { findPostgres, postgresMajors } from "./test/support/postgres_binaries.ts";
import { closingReporter, type EngineInRun } from "./test/support/reporter.ts";
import { canMount } from "./test/support/small_disk.ts";

// Races, locks, roles and poolers: PGlite has one connection.
const postgresTests = "test/**/*.postgres.test.ts";
// These need a program that Debian has and npm has not.
const pgbouncerTests = "test/**/*.pgbouncer.postgres.test.ts";
// These fill a disk that is mounted for them.
const mountTests = "test/**/*.mount.postgres.test.ts";
const canFillDisk = canMount();
// These are about commands and guides, which are the same before any Postgres; its roles and SQL are not.
const newestPostgresTests = [
  "test/cli/!(database_commands|project*).postgres.test.ts",
  "test/mail/guide.postgres.test.ts",
  "test/readme/*.postgres.test.ts",
];
// These look at a page in Chromium.
const browserTests = "test/**/*.browser.test.ts";
// These touch no database and run once.
const unitTests = "test/**/*.unit.test.ts";

const postgres = postgresMajors.map((major) => ({ major, found: findPostgres(major) }));

const engines: EngineInRun[] = [
  { project: "unit", name: "No database" },
  { project: "pglite", name: "PGlite" },
  ...postgres.map(({ major, found }) => ({
    project: `postgres-${major}`,
    name: "PostgreSQL",
    version: found?.version ?? `${major}`,
    notRun: found ? undefined : "no binaries on this machine",
    required: major === 18 && process.env.CI === "true",
  })),
  {
    project: "pgbouncer",
    name: "PgBouncer",
    notRun: hasPgBouncer() ? undefined : "not on this machine",
  },
  {
    project: "mount",
    name: "A full disk",
    notRun: canFillDisk ? undefined : "no file system can be mounted here; root can",
  },
  {
    project: "browser",
    name: "Chromium",
    notRun: hasChromium() ? undefined : "not on this machine: apt-get install chromium",
    required: process.env.CI === "true",
  },
];

/** The same tests run on every engine, each engine being a project. */
function engineProject(name: string, groupOrder: number, engine: EngineChoice, exclude: string[]) {
  return {
    extends: true as const,
    test: {
      name,
      include: ["test/**/*.test.ts"],
      exclude: [unitTests, browserTests, ...exclude],
      setupFiles: ["test/support/engine_setup.ts"],
      provide: { engine },
      sequence: { groupOrder },
    },
  };
}

export default defineConfig({
  test: {
    // Files of one worker share its engine; a worker serves one project.
    isolate: false,
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ["default", closingReporter(engines)],
    // One group a project, so that projects take turns and workers keep their engine.
    projects: [
      {
        extends: true,
        test: { name: "unit", include: [unitTests], sequence: { groupOrder: 0 } },
      },
      ...(hasChromium()
        ? [
            {
              extends: true as const,
              test: { name: "browser", include: [browserTests], sequence: { groupOrder: 10 } },
            },
          ]
        : []),
      engineProject("pglite", 1, { kind: "embedded" }, [postgresTests]),
      ...postgres
        .filter(({ found }) => found)
        .map(({ major }, index) =>
          engineProject(`postgres-${major}`, index + 2, { kind: "postgres", major }, [
            ...(hasPgBouncer() ? [] : [pgbouncerTests]),
            ...(canFillDisk ? [] : [mountTests]),
            ...(index === 0 ? [] : newestPostgresTests),
          ]),
        ),
    ],
  },
});
