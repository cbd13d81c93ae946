import type { Logger } from "pino";
import { DatabaseError } from "../database/errors.ts";
import type { ClaimedMail, OutboxFunctions } from "../database/outbox_functions.ts";
import { type DeliverOptions, deliver } from "./deliver.ts";

export interface CourierOptions {
  readonly outbox: OutboxFunctions;
  readonly deliver: Omit<DeliverOptions, "databaseFailed">;
  /** Milliseconds; 0 looks only when it is woken. */
  readonly pollInterval: number;
  readonly concurrency: number;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

/** Empties one outbox, again and again. */
export interface Courier {
  wake(): void;
  drain(): Promise<void>;
  /** Resolves when, after `stopping`, nothing is under way any more. */
  finished(): Promise<void>;
}

// Twice what a mail may take, so that one that has begun is not begun elsewhere.
const leaseSeconds = 90;
const pruneEvery = 60_000;
const pruneRows = 500;

export function startCourier(options: CourierOptions): Courier {
  const { outbox, pollInterval, concurrency, logger, stopping } = options;
  const underWay = new Set<Promise<void>>();
  let isWoken = false;
  let rouse: () => void = () => {};
  let isAway = false;
  let prunedAt = Date.now();

  const wake = () => {
    isWoken = true;
    rouse();
  };
  stopping.addEventListener("abort", wake, { once: true });

  // Said once when it begins and once when it ends, not each second.
  function answered(): void {
    if (isAway) logger.info("the outbox can be read again");
    isAway = false;
  }

  function failed(error: unknown): void {
    if (isAway) return;
    isAway = true;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const sqlstate = cause instanceof DatabaseError ? cause.sqlstate : undefined;
    logger.error({ sqlstate, error: (cause as Error).name }, "the outbox cannot be read");
  }

  function begin(mail: ClaimedMail): void {
    const work = deliver(mail, { ...options.deliver, databaseFailed: failed })
      .catch(failed)
      .finally(() => {
        underWay.delete(work);
        rouse();
      });
    underWay.add(work);
  }

  /** How many mails were begun; never more than can be sent at once, so no lease runs in a queue. */
  async function claim(): Promise<number> {
    const free = concurrency - underWay.size;
    if (free <= 0) return 0;
    const mails = await outbox.claim(free, leaseSeconds);
    answered();
    if (stopping.aborted) await Promise.all(mails.map((mail) => outbox.release(mail)));
    else mails.forEach(begin);
    return mails.length;
  }

  async function prune(): Promise<void> {
    if (Date.now() - prunedAt < pruneEvery) return;
    prunedAt = Date.now();
    while (!stopping.aborted && (await outbox.prune(pruneRows)) > 0);
  }

  function rest(milliseconds: number | undefined): Promise<void> {
    if (isWoken) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
      timer?.unref();
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    while (!stopping.aborted) {
      isWoken = false;
      let begun = 0;
      try {
        begun = await claim();
        await prune();
      } catch (error) {
        failed(error);
      }
      // As many as were asked for: there may be more, as soon as one of these is done.
      const isFull = underWay.size >= concurrency;
      if (begun === 0 || isFull) await rest(isFull ? undefined : pollInterval || undefined);
    }
    await Promise.all(underWay);
  }

  async function drain(): Promise<void> {
    for (;;) {
      const begun = await claim();
      if (begun === 0 && underWay.size === 0) return;
      await Promise.race(underWay);
    }
  }

  const running = pollInterval > 0 ? run() : Promise.resolve();
  return {
    wake,
    drain,
    async finished() {
      await running;
      await Promise.all(underWay);
    },
  };
}
