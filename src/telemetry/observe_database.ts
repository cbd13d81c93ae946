import type { Database } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { type OutboxState, outboxFunctions } from "../database/outbox_functions.ts";

/** What is known of a database at a scrape. */
export interface Observation {
  readonly isUp: boolean;
  /** Without, it is away, or too old to say. */
  readonly outbox?: OutboxState;
  /** Seconds that this process' clock is ahead of the database's. */
  readonly clockOffset?: number;
}

export interface ObservationLimits {
  /** Milliseconds that a scrape waits; 1,000 by default. */
  readonly patience?: number;
  /** Milliseconds for which an answer is good; 10,000 by default. */
  readonly freshFor?: number;
}

const away: Observation = { isUp: false };

/**
 * Asks a database for its state, once at a time and seldom, however often it is scraped. One that
 * takes too long counts as away, and is not asked again before it has answered.
 */
export function observeDatabase(
  database: Database,
  { patience = 1_000, freshFor = 10_000 }: ObservationLimits = {},
): () => Promise<Observation> {
  let last: { readonly observation: Observation; readonly until: number } | undefined;
  let underWay: Promise<Observation> | undefined;

  async function ask(): Promise<Observation> {
    const observation = await observe(database);
    last = { observation, until: performance.now() + freshFor };
    underWay = undefined;
    return observation;
  }

  return () => {
    if (last && performance.now() < last.until) return Promise.resolve(last.observation);
    underWay ??= ask();
    return orAway(underWay, patience);
  };
}

async function observe(database: Database): Promise<Observation> {
  const before = Date.now();
  try {
    const outbox = await outboxFunctions(database).state();
    // The answer was made some time in between.
    const between = (before + Date.now()) / 2_000;
    return { isUp: true, outbox, clockOffset: between - outbox.clock };
  } catch (error) {
    return error instanceof DatabaseError ? { isUp: true } : away;
  }
}

function orAway(answer: Promise<Observation>, patience: number): Promise<Observation> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patience, away);
    void answer.then((observation) => {
      clearTimeout(timer);
      resolve(observation);
    });
  });
}
