import { Gauge, type Registry } from "prom-client";
import type { Database } from "../database/database.ts";
import { type Observation, type ObservationLimits, observeDatabase } from "./observe_database.ts";

/** A value by its `state`, or under `""` where there is one alone; undefined where it is not known. */
type Values = Readonly<Record<string, number | undefined>>;

interface Shown {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly ("database" | "state")[];
  readonly values: (observation: Observation) => Values;
}

const shown: readonly Shown[] = [
  {
    name: "miosa_auth_database_up",
    help: "1 where the database answers, 0 where it does not",
    labelNames: ["database"],
    values: ({ isUp }) => ({ "": Number(isUp) }),
  },
  {
    name: "miosa_auth_clock_offset_seconds",
    help: "How far this server's clock is ahead of the database's",
    labelNames: ["database"],
    values: ({ clockOffset }) => ({ "": clockOffset }),
  },
  {
    name: "miosa_auth_outbox_mails",
    help: "Mail that waits to be sent (queued), and mail that was given up (parked)",
    labelNames: ["database", "state"],
    values: ({ outbox }) => ({ queued: outbox?.queued, parked: outbox?.parked }),
  },
  {
    name: "miosa_auth_outbox_oldest_seconds",
    help: "How long the mail has waited that waits longest; 0 where none does",
    labelNames: ["database"],
    values: ({ outbox }) => ({ "": outbox?.oldest_queued_seconds }),
  },
];

/** Tells of each database what it says of itself, asked when it is scraped. */
export function databaseMetrics(
  registry: Registry,
  databases: readonly Database[],
  limits?: ObservationLimits,
): void {
  const observers = databases.map((database) => observeDatabase(database, limits));
  for (const { values, ...description } of shown) {
    new Gauge({
      ...description,
      registers: [registry],
      async collect() {
        const observations = await Promise.all(observers.map((observe) => observe()));
        // A number of before would be a lie.
        this.reset();
        observations.forEach((observation, database) => {
          for (const [state, value] of Object.entries(values(observation))) {
            if (value === undefined) continue;
            this.set(state === "" ? { database } : { database, state }, value);
          }
        });
      },
    });
  }
}
