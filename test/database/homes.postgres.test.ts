import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { ownName } from "../../src/database/own_names.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { openService } from "../support/service.ts";

const connections = 4;
const projects = Array.from({ length: 12 }, (_, index) => `homes_${index}`);
let adminUrl: string;
let admin: Database;

beforeAll(async () => {
  const service = await openService();
  if (service.engine.kind !== "postgres") throw new Error("this needs a server");
  adminUrl = service.engine.adminUrl;
  admin = service.admin;
  const scripts = projects.map(
    (project) => `create schema ${project};
      create function ${project}.${ownName(project, "backend")}() returns jsonb
        language sql as $$ select to_jsonb(pg_backend_pid()) $$;`,
  );
  await admin.transaction((tx) => tx.script(scripts.join("\n")));
});
afterAll(() => admin.transaction((tx) => tx.script(`drop schema ${projects.join(", ")} cascade`)));

describe("many projects over a few connections", () => {
  it("keep their backends, so that few read a project's functions that others have read", async () => {
    const database = connectPostgres({ url: adminUrl, connections });
    const backends = new Set<number>();
    const met = new Set<string>();
    const call = async (schema: string) => {
      const backend = await database.call<number>({ schema, name: "backend", args: [] });
      backends.add(backend);
      met.add(`${schema} ${backend}`);
    };
    for (const project of projects) await call(project);
    expect(met.size).toBe(projects.length);

    const clients = Array.from({ length: 6 }, async (_, client) => {
      for (let time = 0; time < 40; time += 1) {
        for (const project of [2 * client, 2 * client + 1]) await call(projects[project] ?? "");
      }
    });
    await Promise.all(clients);
    // A machine that stands still for a moment sends a few elsewhere.
    expect(backends.size).toBe(connections);
    expect(met.size).toBeLessThanOrEqual((projects.length * connections) / 2);
    await database.close();
  });
});
