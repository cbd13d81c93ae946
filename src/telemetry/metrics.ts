import { Counter, collectDefaultMetrics, Registry } from "prom-client";
import type { BreachOutcome } from "../breaches/lookup.ts";
import type { Database } from "../database/database.ts";
import type { MailOutcome } from "../mail/deliver.ts";
import type { Hasher } from "../passwords/hasher.ts";
import { databaseMetrics } from "./database_metrics.ts";
import { hasherMetrics, poolMetrics } from "./load_metrics.ts";
import type { ObservationLimits } from "./observe_database.ts";
import { type AnsweredRequest, requestMetrics } from "./request_metrics.ts";
import type { CallFailure } from "./watched.ts";

/** What counts. No label names a project or a user, so there are as many series in a year as today. */
export interface Metrics {
  requestAnswered(request: AnsweredRequest): void;
  hashRefused(): void;
  callFailed(database: number, reason: CallFailure): void;
  breachLooked(outcome: BreachOutcome): void;
  mailTried(outcome: MailOutcome): void;
  /** Takes all of it out of the registry. */
  close(): void;
}

export interface Measured {
  readonly databases: readonly Database[];
  readonly hasher: Hasher;
  readonly limits?: ObservationLimits;
}

/** Adds what the service tells of itself to `registry`, in which none of its names may stand yet. */
export function createMetrics(
  registry: Registry,
  { databases, hasher, limits }: Measured,
): Metrics {
  const own = new Registry();
  const mails = new Counter({
    name: "miosa_auth_mails_total",
    help: "Mail that was tried, by what came of it",
    labelNames: ["outcome"],
    registers: [own],
  });
  const breaches = new Counter({
    name: "miosa_auth_breach_lookups_total",
    help: "New passwords that were looked up among leaked ones, by what came of it",
    labelNames: ["outcome"],
    registers: [own],
  });
  const metrics = {
    requestAnswered: requestMetrics(own),
    hashRefused: hasherMetrics(own, hasher),
    callFailed: poolMetrics(own, databases),
    breachLooked: (outcome: BreachOutcome) => breaches.inc({ outcome }),
    mailTried: (outcome: MailOutcome) => mails.inc({ outcome }),
  };
  databaseMetrics(own, databases, limits);
  const all = own.getMetricsAsArray();
  for (const metric of all) registry.registerMetric(metric as never);
  return {
    ...metrics,
    close: () => {
      for (const { name } of all) registry.removeSingleMetric(name);
    },
  };
}

/** A registry for a process of our own, with what Node tells: CPU, memory, delays of the event loop. */
export function processRegistry(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return register;
}
