import type { Logger } from "pino";
import type { Database } from "../database/database.ts";
import { outboxFunctions } from "../database/outbox_functions.ts";
import type { Directory } from "../projects/directory.ts";
import { type Courier, startCourier } from "./courier.ts";
import type { MailOutcome } from "./deliver.ts";
import { type CoolDown, openRoutes } from "./routes.ts";
import type { FolderTemplate } from "./templates/template.ts";
import type { Sender } from "./transports/transport.ts";

export interface DeliveryOptions {
  readonly databases: readonly Database[];
  readonly directory: Directory;
  /** How projects without a transport of their own send; their mail waits without. */
  readonly fleet: Sender | null;
  /** The AUTH_URL of a project. */
  readonly authUrl: (projectId: string) => string;
  readonly folderTemplates?: readonly FolderTemplate[];
  readonly logger: Logger;
  /** Milliseconds between two looks into an outbox that was empty; 1,000 by default, 0 for never. */
  readonly pollInterval?: number;
  /** Mails under way at a time, for each database; 5 by default. */
  readonly concurrency?: number;
  /** Milliseconds for one mail; 45,000 by default, always less than half of the lease. */
  readonly sendTimeout?: number;
  readonly coolDown?: CoolDown;
  /** Hears what came of each try. */
  readonly tried?: (outcome: MailOutcome) => void;
}

/** Mail on its way from the outboxes of a fleet. */
export interface Delivery {
  /** Says that a transaction which queued mail has committed: it need not wait for the next look. */
  wake(): void;
  /** Sends all that is due, and resolves when it has left or failed. */
  drain(): Promise<void>;
  /**
   * Begins no other mail, lets those under way finish for at most `grace` milliseconds, 30,000 by
   * default, and gives the others back.
   */
  stop(grace?: number): Promise<void>;
}

const longestGrace = 30_000;

/** Starts to deliver. Any number of servers may, on the same databases. */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { databases, directory, fleet, authUrl, logger, coolDown } = options;
  const routes = openRoutes({ fleet, ...(coolDown ? { coolDown } : {}) });
  const stopping = new AbortController();
  const giveUp = new AbortController();
  const couriers: Courier[] = databases.map((database) => {
    const outbox = outboxFunctions(database);
    return startCourier({
      outbox,
      pollInterval: options.pollInterval ?? 1_000,
      concurrency: options.concurrency ?? 5,
      logger,
      stopping: stopping.signal,
      deliver: {
        outbox,
        directory,
        routes,
        authUrl,
        folderTemplates: options.folderTemplates ?? [],
        logger,
        sendTimeout: options.sendTimeout ?? 45_000,
        stopping: stopping.signal,
        giveUp: giveUp.signal,
        tried: options.tried ?? (() => {}),
      },
    });
  });
  return {
    wake: () => {
      for (const courier of couriers) courier.wake();
    },
    async drain() {
      await Promise.all(couriers.map((courier) => courier.drain()));
    },
    async stop(grace = longestGrace) {
      stopping.abort();
      const deadline = setTimeout(() => giveUp.abort(), grace);
      await Promise.all(couriers.map((courier) => courier.finished()));
      clearTimeout(deadline);
      await routes.close();
    },
  };
}
