import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { projectDirectory } from "../../src/projects/directory.ts";
import {
  generateMasterKey,
  jwtKeyContext,
  parseKeyring,
  seal,
} from "../../src/projects/secrets.ts";

afterEach(() => vi.restoreAllMocks());

const keyring = parseKeyring(generateMasterKey());
const id = "proj_cached";

/** A database that holds one project, whose key can be changed. */
function database() {
  const calls: string[] = [];
  let key = { kid: "key-number-1", ring: keyring };
  const configuration = () => {
    const { kid, ring } = key;
    const sealed = seal(ring, randomBytes(32).toString("hex"), jwtKeyContext(id, kid));
    return {
      jwt_keys: [
        {
          kid,
          algorithm: "HS256",
          state: "active",
          sealed: sealed.toString("hex"),
          public_jwk: null,
        },
      ],
    };
  };
  const value: Database = {
    engine: "postgres",
    async call<T>({ name }: { name: string }): Promise<T> {
      calls.push(name);
      return (name === "configuration" ? configuration() : { id, state: "active" }) as T;
    },
    transaction: () => Promise.reject(new Error("not asked for")),
    close: async () => {},
  };
  const rotateTo = (kid: string, ring = keyring) => {
    key = { kid, ring };
  };
  return { value, calls, rotateTo };
}

/** Lets the cache's clock run ahead. */
function clock() {
  const now = performance.now.bind(performance);
  let ahead = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + ahead);
  return (milliseconds: number) => {
    ahead += milliseconds;
  };
}

describe("the keys that a server holds", () => {
  it("are asked for once in 5 s, and never kept longer, whatever was configured (case 55)", async () => {
    for (const ttl of [undefined, 60_000]) {
      const advance = clock();
      const { value, calls, rotateTo } = database();
      const directory = projectDirectory({
        databases: [value],
        keyring,
        ...(ttl === undefined ? {} : { ttl }),
      });
      const kids = async () => (await directory.find(id)).keys.map(({ kid }) => kid);
      expect(await kids()).toEqual(["key-number-1"]);
      rotateTo("key-number-2");
      advance(4_000);
      for (let request = 0; request < 50; request += 1) await kids();
      expect(await kids()).toEqual(["key-number-1"]);
      expect(calls).toEqual(["find_project", "configuration"]);

      await new Promise((resolve) => setTimeout(resolve, 5));
      advance(1_100);
      expect(await kids()).toEqual(["key-number-2"]);
      vi.restoreAllMocks();
    }
  });

  it("are asked for once by many requests that come together (case 57)", async () => {
    const { value, calls } = database();
    const directory = projectDirectory({ databases: [value], keyring });
    await Promise.all(Array.from({ length: 200 }, () => directory.find(id)));
    expect(calls).toEqual(["find_project", "configuration"]);
  });

  it("do not outlive keys that cannot be opened (case 49)", async () => {
    const advance = clock();
    const { value, rotateTo } = database();
    const directory = projectDirectory({ databases: [value], keyring });
    await directory.find(id);
    rotateTo("key-number-2", parseKeyring(generateMasterKey()));
    await new Promise((resolve) => setTimeout(resolve, 5));
    advance(5_100);
    await expect(directory.find(id)).rejects.toMatchObject({
      code: "service_unavailable",
      cause: { name: "OperatorError" },
    });
  });
});
