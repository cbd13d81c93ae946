import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { AuthError } from "../../src/errors.ts";
import { projectDirectory } from "../../src/projects/directory.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";

const keyring = parseKeyring(generateMasterKey());
const away = () => new AuthError("service_unavailable");

interface Switchable extends Database {
  /** What it throws instead of an answer. */
  failure: Error | null;
  holds: boolean;
}

function database(holds: boolean): Switchable {
  const self: Switchable = {
    engine: "postgres",
    failure: null,
    holds,
    async call<T>({ name }: { name: string }): Promise<T> {
      if (self.failure) throw self.failure;
      if (name === "configuration") return { jwt_keys: [] } as T;
      return (self.holds ? { id: "proj_x", state: "active" } : null) as T;
    },
    transaction: () => Promise.reject(new Error("not asked for")),
    close: async () => {},
  };
  return self;
}

function directory(...databases: Database[]) {
  return projectDirectory({ databases, keyring, ttl: 1 });
}

describe("finding a project while a database is away (cases 186, 187)", () => {
  it("is refused as unavailable, never as unknown, when it was never found", async () => {
    const only = database(true);
    only.failure = away();
    const projects = directory(only);
    await expect(projects.find("proj_x")).rejects.toMatchObject({ code: "service_unavailable" });
    only.failure = null;
    expect((await projects.find("proj_x")).id).toBe("proj_x");
  });

  it("goes on with what was known, and notices when the database is back", async () => {
    const only = database(true);
    const projects = directory(only);
    await projects.find("proj_x");
    only.failure = away();
    await sleep(5);
    expect((await projects.find("proj_x")).id).toBe("proj_x");
    only.failure = null;
    only.holds = false;
    await sleep(5);
    await expect(projects.find("proj_x")).rejects.toMatchObject({ code: "project_not_found" });
  });

  it("does not go on with what was known when the database answers otherwise", async () => {
    const only = database(true);
    const projects = directory(only);
    await projects.find("proj_x");
    only.failure = new Error("a fault, not an outage");
    await sleep(5);
    await expect(projects.find("proj_x")).rejects.toThrow("a fault, not an outage");
  });

  it("stops no project of the other databases of a fleet", async () => {
    const [one, other] = [database(false), database(true)];
    one.failure = away();
    expect((await directory(one, other).find("proj_x")).id).toBe("proj_x");
    other.holds = false;
    const refused = directory(one, other).find("proj_x");
    await expect(refused).rejects.toMatchObject({ code: "service_unavailable" });
  });

  it("is refused loudly when two databases hold the id", async () => {
    const projects = directory(database(true), database(true));
    await expect(projects.find("proj_x")).rejects.toMatchObject({ code: "unexpected_failure" });
  });
});
