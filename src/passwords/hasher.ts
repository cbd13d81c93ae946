import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { FairGate } from "../admission/fair_gate.ts";
import { AuthError } from "../errors.ts";
import { type HasherKind, HashThreads } from "./hash_threads.ts";
import { prepare } from "./prepare.ts";
import { isSalt } from "./salt.ts";

/** Computes bcrypt hashes for one project, whose turn it is as often as another's. */
export interface PasswordHasher {
  /**
   * Asked before a hash is prepared for in the database, which a storm is then spared.
   *
   * @throws AuthError `service_unavailable` with `retryAfter`: a hash would be refused now.
   */
  requireRoom(): void;
  /**
   * The bcrypt hash of `password` under `salt` (29 characters, `$2a$10$...`), with the prefix of
   * the salt.
   *
   * @throws AuthError `validation_failed`: the password is not acceptable, see `prepare`.
   * @throws AuthError `service_unavailable` with `retryAfter`: the queue is full and no project has
   * more in it, or the hasher is closed.
   * @throws TypeError the salt is malformed.
   */
  hash(password: string, salt: string): Promise<string>;
}

/** Computes bcrypt hashes off the event loop, a bounded number at once. */
export interface Hasher {
  /** As {@link PasswordHasher}, for this project. */
  requireRoom(projectId: string): void;
  /** As {@link PasswordHasher}, for this project. */
  hash(password: string, salt: string, projectId: string): Promise<string>;
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

export interface HasherOptions {
  /**
   * Hashes computed at once, a thread each. Default: the number of cores. One more thread is for a
   * project that has none at work while others have all of these.
   */
  readonly concurrency?: number;
  /** Hashes that may wait beside those. Default: 32 for each thread. */
  readonly maxQueue?: number;
  /** Default: `native` where its binary loads. */
  readonly implementation?: HasherKind;
}

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
 * const hash = await hasher.hash("correct horse battery staple", newSalt(10), "proj_shop");
 * await hasher.close();
 * ```
 */
export function createHasher(options: HasherOptions = {}): Hasher {
  const kind = options.implementation ?? (nativeLoads() ? "native" : "worker");
  if (kind === "native") require("bcrypt");

  const concurrency = options.concurrency ?? availableParallelism();
  const threads = new HashThreads(kind, concurrency);
  // In front of the threads, whose own queue knows no projects and drops what waits when it is closed.
  const waiting = options.maxQueue ?? 32 * concurrency;
  const gate = new FairGate({ slots: concurrency + 1, spare: 1, waiting });
  const capacity = concurrency + waiting;
  const inFlight = new Set<Promise<string>>();
  let closed = false;
  let secondsPerHash = 0.1;

  async function run(input: string, salt: string, ahead: boolean): Promise<string> {
    const start = performance.now();
    // $2a$, $2b$ and $2y$ are one algorithm for the at most 72 bytes of `input`; neither
    // implementation knows all three names.
    const computed = await threads.run({ input, salt: `$2a${salt.slice(3)}` }, ahead);
    secondsPerHash += ((performance.now() - start) / 1000 - secondsPerHash) / 8;
    return salt.slice(0, 3) + computed.slice(3);
  }

  function overload(): AuthError {
    const secondsUntilEmpty = (inFlight.size * secondsPerHash) / concurrency;
    return new AuthError("service_unavailable", {
      retryAfter: Math.max(1, Math.ceil(secondsUntilEmpty)),
    });
  }

  function requireRoom(projectId: string): void {
    if (closed || !gate.hasRoomFor(projectId)) throw overload();
  }

  /** Resolves when it is the project's turn, with whether others had all but the spare thread. */
  function turn(party: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      gate.enter({ party, start: resolve, refuse: () => reject(overload()) });
    });
  }

  async function runInTurn(input: string, salt: string, party: string): Promise<string> {
    const spare = await turn(party);
    try {
      return await run(input, salt, spare);
    } finally {
      gate.leave(party);
    }
  }

  async function hash(password: string, salt: string, projectId: string): Promise<string> {
    if (!isSalt(salt)) throw new TypeError("Malformed bcrypt salt");
    const input = prepare(password);
    if (closed) throw overload();
    const result = runInTurn(input, salt, projectId);
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
    await threads.destroy();
  }

  const load = () => ({ running: gate.running, waiting: gate.waiting, capacity });

  return { requireRoom, hash, close, load, kind };
}

/** The hasher as one project sees it. */
export function projectHasher(hasher: Hasher, projectId: string): PasswordHasher {
  return {
    requireRoom: () => hasher.requireRoom(projectId),
    hash: (password, salt) => hasher.hash(password, salt, projectId),
  };
}

function nativeLoads(): boolean {
  try {
    require("bcrypt");
    return true;
  } catch {
    return false;
  }
}
