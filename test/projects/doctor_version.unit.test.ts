import { expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { examineServer } from "../../src/projects/doctor/server.ts";

/** A server that says that it is of some version. */
function serverOf(version: string): Database {
  const [major, minor] = version.split(".").map(Number) as [number, number];
  const row = {
    version,
    version_number: major * 10_000 + minor,
    encoding: "UTF8",
    time_zone: "UTC",
    pgcrypto: null,
    now: Date.now() / 1_000,
    most: 100,
    used: 1,
  };
  const transaction = { script: async () => {}, query: async () => [row] };
  const work = (act: (tx: typeof transaction) => unknown) => act(transaction);
  return { engine: "postgres", transaction: work } as unknown as Database;
}

it.each([
  ["14.19", "fail", "15 or later"],
  ["15.13", "warn", "15.14 or later"],
  ["15.14", "ok", undefined],
  ["16.9", "warn", "16.10 or later"],
  ["16.10", "ok", undefined],
  ["17.5", "warn", "17.6 or later"],
  ["17.6", "ok", undefined],
  ["18.0", "ok", undefined],
])(
  "PostgreSQL %s, which may tell of rows that policies hide or not, is %s for the doctor (case 140)",
  async (version, status, remedy) => {
    const findings = await examineServer(serverOf(version), 10);
    const found = findings.find(({ check }) => check === "server version");
    expect(found).toMatchObject({ status, message: `PostgreSQL ${version}` });
    if (remedy) expect(found?.remedy).toContain(remedy);
  },
);
