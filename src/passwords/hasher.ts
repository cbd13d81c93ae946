import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import pLimit from "p-limit";
import { Piscina } from "piscina";
import { AuthError } from "../errors.ts";
import { prepare } from "./prepare.ts";
import { isSalt } from "./salt.ts";

/** Computes bcrypt hashes off the event loop, never more at once than it was told to. */
export interface Hasher {
  /**
   * The bcrypt hash of `password` under `salt` (29 characters, `$2a$10$...`), with the prefix of
   * the salt.
   *
   * @throws AuthError `validation_failed`: the password is not acceptable, see `prepare`.
   * @throws AuthError `service_unavailable` with `retryAfter`: the queue is full, or the hasher
   * is closed.
   * @throws TypeError the salt is malformed.
   */
  hash(password: string, salt: string): Promise<string>;
  /** Finishes what is queued, then ends the threads. */
  close(): Promise<void>;
  /** How busy it is now. */
  load(): HasherLoad;
  /** `native`: the compiled bcrypt; `worker`: bcryptjs. Both give the same hashes. */
  readonly kind: HasherKind;
}

/** Hashes at one moment. */
export interface HasherLoad {
  readonly running: number;
  readonly waiting: number;
  /** How many may run and wait together. */
  readonly capacity: number;
}

/** Which implementation of bcrypt computes. */
export type HasherKind = "native" | "worker";

export interface HasherOptions {
  /** Hashes computed at once, a thread each. Default: the number of cores. */
  readonly concurrency?: number;
  /** Hashes that may wait beside those. Default: 32 for each thread. */
  readonly maxQueue?: number;
  /** Default: `native` where its binary loads. */
  readonly implementation?: HasherKind;
}

const workerFile = fileURLToPath(new URL("./worker.js", import.meta.url));
const require = createRequire(import.meta.url);

/**
 * Starts a hasher; its threads start with the first hashes and stay.
 *
 * Native bcrypt runs in threads of our own too, rather than through its asynchronous call: that
 * one occupies the four threads of libuv, and with four hashes running `fs.stat` took 16 ms
 * (median) and a DNS lookup 14 ms, against 0.1 ms here, at the same number of hashes a second.
 *
 * @throws Error `implementation: "native"` was asked for and its binary does not load.
 * @example
 * ```ts
 * const hasher = createHasher();
 * const hash = await hasher.hash("correct horse battery staple", newSalt(10));
 * await hasher.close();
 * ```
 */
export function createHasher(options: HasherOptions = {}): Hasher {
  const kind = options.implementation ?? (nativeLoads() ? "native" : "worker");
  if (kind === "native") require("bcrypt");

  const concurrency = options.concurrency ?? availableParallelism();
  const capacity = concurrency + (options.maxQueue ?? 32 * concurrency);
  const pool = new Piscina({
    filename: workerFile,
    name: kind,
    minThreads: 0,
    maxThreads: concurrency,
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
    // The event loop goes first when cores are short, so that refreshes pass a flood of logins.
    // Elsewhere than on Linux the nice value belongs to the whole process.
    niceIncrement: process.platform === "linux" ? 5 : 0,
  });
  // In front of the pool, whose own queue is not first come, first served while threads start, and
  // drops what waits then when it is closed.
  const limit = pLimit(concurrency);
  const inFlight = new Set<Promise<string>>();
  let closed = false;
  let secondsPerHash = 0.1;

  async function run(input: string, salt: string): Promise<string> {
    const start = performance.now();
    // $2a$, $2b$ and $2y$ are one algorithm for the at most 72 bytes of `input`; neither
    // implementation knows all three names.
    const computed: string = await pool.run({ input, salt: `$2a${salt.slice(3)}` });
    secondsPerHash += ((performance.now() - start) / 1000 - secondsPerHash) / 8;
    return salt.slice(0, 3) + computed.slice(3);
  }

  async function hash(password: string, salt: string): Promise<string> {
    if (!isSalt(salt)) throw new TypeError("Malformed bcrypt salt");
    const input = prepare(password);
    if (closed || inFlight.size >= capacity) {
      const secondsUntilEmpty = (inFlight.size * secondsPerHash) / concurrency;
      throw new AuthError("service_unavailable", {
        retryAfter: Math.max(1, Math.ceil(secondsUntilEmpty)),
      });
    }
    const result = limit(() => run(input, salt));
    inFlight.add(result);
    try {
      return await result;
    } finally {
      inFlight.delete(result);
    }
  }

  async function close(): Promise<void> {
    closed = true;
    await Promise.allSettled(inFlight);
    await pool.destroy();
  }

  const load = () => ({ running: limit.activeCount, waiting: limit.pendingCount, capacity });

  return { hash, close, load, kind };
}

function nativeLoads(): boolean {
  try {
    require("bcrypt");
    return true;
  } catch {
    return false;
  }
}
