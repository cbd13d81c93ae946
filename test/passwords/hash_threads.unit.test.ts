import { readdirSync, readFileSync } from "node:fs";
import bcryptjs from "bcryptjs";
import { describe, expect, it } from "vitest";
import { HashThreads } from "../../src/passwords/hash_threads.ts";

const job = { input: "a phrase", salt: `$2a$04$${"a".repeat(21)}u` };

/** Field 19 of proc_pid_stat(5) for each thread of this process that is niced. */
function niceThreads(): number[] {
  return readdirSync("/proc/self/task")
    .map((thread) => readFileSync(`/proc/self/task/${thread}/stat`, "utf8"))
    .map((stat) => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]))
    .filter((nice) => nice > 0)
    .toSorted((a, b) => a - b);
}

describe("threads that hash", () => {
  it("compute the same whether ahead of others or not, and two that are ahead at once", async () => {
    const threads = new HashThreads("worker", 1);
    try {
      const hashes = [threads.run(job, false), threads.run(job, true), threads.run(job, true)];
      const expected = await bcryptjs.hash(job.input, job.salt);
      expect(await Promise.all(hashes)).toEqual([expected, expected, expected]);
    } finally {
      await threads.destroy();
    }
  });

  it.runIf(process.platform === "linux")(
    "let the event loop go first, then the hash of who came while others had all (case 128)",
    async () => {
      const before = niceThreads();
      const threads = new HashThreads("worker", 1);
      try {
        await Promise.all([threads.run(job, false), threads.run(job, true)]);
        expect(niceThreads()).toEqual([...before, 4, 10].toSorted((a, b) => a - b));
      } finally {
        await threads.destroy();
      }
    },
  );
});
