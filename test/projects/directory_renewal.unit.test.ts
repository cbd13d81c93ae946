import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { projectDirectory } from "../../src/projects/directory.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";

const keyring = parseKeyring(generateMasterKey());

function database(name: string) {
  const self = {
    engine: "postgres" as const,
    holds: true,
    name,
    suspended: false,
    /** What the registry's answer waits for. */
    registry: Promise.resolve(),
    onConfiguration: () => {},
    async call<T>({ name: called }: { name: string }): Promise<T> {
      if (called === "configuration") {
        self.onConfiguration();
        return { name: self.name, jwt_keys: [] } as T;
      }
      await self.registry;
      const state = self.suspended ? "suspended" : "active";
      return (self.holds ? { id: "proj_x", state } : null) as T;
    },
    transaction: () => Promise.reject(new Error("not asked for")),
    close: async () => {},
  };
  return self;
}

function finding(...databases: Database[]) {
  const directory = projectDirectory({ databases, keyring, ttl: 1 });
  return async () => {
    await sleep(5);
    return directory.find("proj_x");
  };
}

describe("a project that is looked up again", () => {
  it("is the one that is known, with its open keys, as long as it is configured as before", async () => {
    const only = database("Shop");
    const find = finding(only);
    const before = await find();
    expect(await find()).toBe(before);

    only.name = "Store";
    const renamed = await find();
    expect(renamed.configuration.name).toBe("Store");
    expect(await find()).toBe(renamed);
  });

  it("is asked for its settings without waiting for where it is", async () => {
    const only = database("Shop");
    const find = finding(only);
    await find();
    only.registry = new Promise((resolve) => {
      only.onConfiguration = resolve;
    });
    only.name = "Store";
    expect((await find()).configuration.name).toBe("Store");
  });

  it("is refused once it is suspended, and is another when it has come back", async () => {
    const only = database("Shop");
    const find = finding(only);
    const before = await find();
    only.suspended = true;
    await expect(find()).rejects.toMatchObject({ code: "project_suspended" });
    only.suspended = false;
    expect(await find()).not.toBe(before);
  });

  it("is asked for where it is now, when it has moved with all it had", async () => {
    const [old, young] = [database("Shop"), database("Shop")];
    young.holds = false;
    const find = finding(old, young);
    const before = await find();
    old.holds = false;
    young.holds = true;
    const after = await find();
    expect(after.functions).not.toBe(before.functions);
    young.name = "Moved";
    expect((await find()).configuration.name).toBe("Moved");
  });
});
