import bcryptjs from "bcryptjs";
import { afterAll, describe, expect, it } from "vitest";
import { AuthError } from "../../src/errors.ts";
import type { HasherKind } from "../../src/passwords/hash_threads.ts";
import { createHasher, type Hasher } from "../../src/passwords/hasher.ts";
import { newSalt } from "../../src/passwords/salt.ts";

const passwords = [
  "password",
  "",
  " spaces ",
  "naïve 😀 密码",
  "é".repeat(36),
  "a".repeat(72),
  "a".repeat(300),
];

describe.each<HasherKind>(["native", "worker"])("the %s hasher", (implementation) => {
  const hasher = createHasher({ implementation, concurrency: 2 });
  afterAll(() => hasher.close());

  it("case 9: gives $2a$ hashes that begin with their salt", async () => {
    expect(hasher.kind).toBe(implementation);
    for (const cost of [4, 5]) {
      const salt = newSalt(cost);
      const hash = await hasher.hash("password", salt, "proj_one");
      expect(hash).toMatch(/^\$2a\$0[45]\$[./A-Za-z0-9]{53}$/);
      expect(hash.startsWith(salt)).toBe(true);
      expect(await bcryptjs.compare("password", hash)).toBe(true);
    }
  });

  it("agrees with pgcrypto, which stores the salt in its canonical spelling", async () => {
    // select crypt('rasmuslerdorf', '$2a$07$usesomesillystringfors')
    expect(await hasher.hash("rasmuslerdorf", "$2a$07$usesomesillystringfors", "proj_one")).toBe(
      "$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi",
    );
  });

  it("case 3: tells passwords apart after 72 bytes, ASCII and multi-byte", async () => {
    const salt = newSalt(4);
    for (const head of ["a".repeat(72), "é".repeat(36)]) {
      const [x, y, bare] = await Promise.all(
        [`${head}X`, `${head}Y`, head].map((password) => hasher.hash(password, salt, "proj_one")),
      );
      expect(new Set([x, y, bare]).size).toBe(3);
    }
  });

  it("case 5: NFC and NFD are two passwords", async () => {
    const salt = newSalt(4);
    expect(await hasher.hash("caf\u00e9", salt, "proj_one")).not.toBe(
      await hasher.hash("cafe\u0301", salt, "proj_one"),
    );
  });

  it("case 4: refuses what bcrypt would cut, and works on", async () => {
    await expect(hasher.hash("abc\0def12345", newSalt(4), "proj_one")).rejects.toMatchObject({
      code: "validation_failed",
    });
    expect(await hasher.hash("abc", newSalt(4), "proj_one")).toMatch(/^\$2a\$/);
  });

  it("keeps the prefix of imported hashes", async () => {
    const salt = newSalt(4).slice(3);
    const hashes = await Promise.all(
      ["$2a", "$2b", "$2y"].map((prefix) => hasher.hash("password", prefix + salt, "proj_one")),
    );
    expect(hashes.map((hash) => hash.slice(0, 3))).toEqual(["$2a", "$2b", "$2y"]);
    expect(new Set(hashes.map((hash) => hash.slice(3))).size).toBe(1);
  });

  it.each([
    "",
    "$2a$10$short",
    "$2a$04$abcdefghijklmnopqrstu!",
    "$2x$04$abcdefghijklmnopqrstuu",
    "$2a$03$abcdefghijklmnopqrstuu",
    "$2a$31$abcdefghijklmnopqrstuu",
    "$1$abcdefgh",
    `${newSalt(4)}\n`,
    `${newSalt(4)}nIdrcHdxcUxWomQX9j6nvERCFjTg7Ra`,
  ])("rejects the malformed salt %j", async (salt) => {
    await expect(hasher.hash("password", salt, "proj_one")).rejects.toThrow(TypeError);
  });
});

describe("both hashers", () => {
  it("give equal hashes, and the default is one of them", async () => {
    const hashers = [
      createHasher({ implementation: "native" }),
      createHasher({ implementation: "worker" }),
      createHasher(),
    ];
    for (const password of passwords) {
      const salt = newSalt(4);
      const hashes = await Promise.all(
        hashers.map((hasher) => hasher.hash(password, salt, "proj_one")),
      );
      expect(new Set(hashes).size).toBe(1);
    }
    expect(hashers[2]?.kind).toBe("native");
    await Promise.all(hashers.map((hasher) => hasher.close()));
  });
});

describe("overload", () => {
  async function burst(
    hasher: Hasher,
    count: number,
    project = "proj_one",
  ): Promise<PromiseSettledResult<string>[]> {
    return Promise.allSettled(
      Array.from({ length: count }, (_, index) =>
        hasher.hash(`password ${index}`, newSalt(4), project),
      ),
    );
  }

  it.each<HasherKind>(["native", "worker"])("is refused at once and passes (%s)", async (kind) => {
    const hasher = createHasher({ implementation: kind, concurrency: 1, maxQueue: 3 });
    const settled: string[] = [];
    const calls = Array.from({ length: 10 }, (_, index) =>
      hasher.hash("password", newSalt(4), "proj_one").then(
        () => settled.push(`${index} hashed`),
        (error: unknown) => {
          expect(error).toBeInstanceOf(AuthError);
          expect(error).toMatchObject({ code: "service_unavailable", status: 503 });
          expect((error as AuthError).retryAfter).toBeGreaterThanOrEqual(1);
          settled.push(`${index} refused`);
        },
      ),
    );
    await Promise.all(calls);
    // One runs and three wait; the other six are answered before the first hash is there.
    expect(settled).toEqual([
      ...[4, 5, 6, 7, 8, 9].map((index) => `${index} refused`),
      ...[0, 1, 2, 3].map((index) => `${index} hashed`),
    ]);

    const later = await burst(hasher, 4);
    expect(later.map((result) => result.status)).toEqual(Array(4).fill("fulfilled"));
    await hasher.close();
  });

  it("tells how many run and wait", async () => {
    const hasher = createHasher({ concurrency: 1, maxQueue: 3 });
    const hashes = burst(hasher, 3);
    await Promise.resolve();
    expect(hasher.load()).toEqual({ running: 1, waiting: 2, capacity: 4 });
    await hashes;
    expect(hasher.load()).toEqual({ running: 0, waiting: 0, capacity: 4 });
    await hasher.close();
  });

  it("holds 32 for each thread unless told otherwise", async () => {
    const hasher = createHasher({ concurrency: 2 });
    const results = await burst(hasher, 70);
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(66);
    await hasher.close();
  });

  it("does not count refusals and failures as work", async () => {
    const hasher = createHasher({ concurrency: 1, maxQueue: 0 });
    for (let i = 0; i < 5; i += 1) {
      await expect(hasher.hash("\0", newSalt(4), "proj_one")).rejects.toMatchObject({
        code: "validation_failed",
      });
      await expect(hasher.hash("password", "no salt", "proj_one")).rejects.toThrow(TypeError);
    }
    expect(await hasher.hash("password", newSalt(4), "proj_one")).toMatch(/^\$2a\$/);
    await hasher.close();
  });

  it("finishes its queue on close, then refuses", async () => {
    const hasher = createHasher({ concurrency: 1 });
    const queued = burst(hasher, 5);
    await hasher.close();
    expect((await queued).map((result) => result.status)).toEqual(Array(5).fill("fulfilled"));
    await expect(hasher.hash("password", newSalt(4), "proj_one")).rejects.toMatchObject({
      code: "service_unavailable",
    });
  });

  it("of one project is refused to it alone, and another has a thread at once (case 128)", async () => {
    const hasher = createHasher({ concurrency: 2, maxQueue: 10 });
    const finished: string[] = [];
    const storm = burst(hasher, 40, "proj_storm").then((hashes) => {
      finished.push("storm");
      return hashes;
    });
    await Promise.resolve();
    expect(hasher.load()).toEqual({ running: 2, waiting: 10, capacity: 12 });
    const calm = burst(hasher, 3, "proj_calm").then((hashes) => {
      finished.push("calm");
      return hashes;
    });
    await Promise.resolve();
    expect(hasher.load()).toEqual({ running: 3, waiting: 10, capacity: 12 });
    expect((await calm).map(({ status }) => status)).toEqual(Array(3).fill("fulfilled"));
    // Two of the storm's gave their places to the two of the other project that had to wait.
    const hashed = (await storm).filter(({ status }) => status === "fulfilled");
    expect(hashed).toHaveLength(10);
    expect(finished).toEqual(["calm", "storm"]);
    await hasher.close();
  });
});
