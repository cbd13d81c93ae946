import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";

const workerFile = fileURLToPath(new URL("./worker.js", import.meta.url));

/** Which implementation of bcrypt computes. */
export type HasherKind = "native" | "worker";

/**
 * The event loop goes first when cores are short, so that refreshes pass a flood of logins; then who came
 * while others had all threads. Elsewhere than on Linux the nice value belongs to the whole process.
 */
const niceness = process.platform === "linux" ? { usual: 10, ahead: 4 } : { usual: 0, ahead: 0 };

/** Threads that compute bcrypt hashes. They start with the first hashes and stay. */
export class HashThreads {
  readonly #usual: Piscina;
  readonly #ahead: Piscina;
  #aheadIsBusy = false;

  /** As many as `count`, and one more that the system runs before them. */
  constructor(kind: HasherKind, count: number) {
    this.#usual = threads(kind, count, niceness.usual);
    this.#ahead = threads(kind, 1, niceness.ahead);
  }

  /** The bcrypt hash of `input`; `ahead` of those at work, where that thread is free. */
  async run(job: { input: string; salt: string }, ahead: boolean): Promise<string> {
    if (!ahead || this.#aheadIsBusy) return await this.#usual.run(job);
    this.#aheadIsBusy = true;
    try {
      return await this.#ahead.run(job);
    } finally {
      this.#aheadIsBusy = false;
    }
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#usual.destroy(), this.#ahead.destroy()]);
  }
}

function threads(kind: HasherKind, count: number, niceIncrement: number): Piscina {
  return new Piscina({
    filename: workerFile,
    name: kind,
    minThreads: 0,
    maxThreads: count,
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
    niceIncrement,
  });
}
