import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { MailConfiguration } from "../database/functions.ts";
import { OperatorError } from "../errors.ts";
import type { ServableProject } from "../projects/directory.ts";
import { type MailSettings, openSender } from "./transports/open.ts";
import type { Sender } from "./transports/transport.ts";

/** What a project's sealed transport is sealed for. */
export const transportUse = "mail_transport";

/** Milliseconds that a transport which is down is left alone: at first, and at most. */
export interface CoolDown {
  readonly first: number;
  readonly most: number;
}

/**
 * A way out, and whether it is worth trying: one that failed as a whole rests, then one mail tries
 * whether it is back, while the others wait without counting attempts.
 */
export interface Route extends Sender {
  /** Milliseconds to wait, or 0 for a mail that may go now and says afterwards how it went. */
  enter(): number;
  /** @param isUp null where it was not tried after all */
  leave(isUp: boolean | null): void;
}

export interface RouteOptions {
  /** How projects without a transport of their own send; their mail waits without. */
  readonly fleet: Sender | null;
  readonly coolDown?: CoolDown;
}

export interface ProjectRoute {
  readonly configuration: MailConfiguration;
  /** Null where the project's mail has no way out. */
  readonly route: Route | null;
}

export interface Routes {
  /** @throws OperatorError when the project's own transport cannot be opened */
  of(project: ServableProject): Promise<ProjectRoute>;
  close(): Promise<void>;
}

const settingsLifetime = 5_000;
const mostOpen = 500;
const usualCoolDown: CoolDown = { first: 5_000, most: 60_000 };

const settingsSchema = z.object({
  url: z.string(),
  from: z.string(),
  replyTo: z.string().optional(),
  secret: z.string().optional(),
});

/** Keeps transports open, those of projects with one of their own for as long as it stays the same. */
export function openRoutes({ fleet, coolDown = usualCoolDown }: RouteOptions): Routes {
  const fleetRoute = fleet && routeThrough(fleet, coolDown);
  const configurations = new LRUCache<string, MailConfiguration, ServableProject>({
    max: 20_000,
    ttl: settingsLifetime,
    fetchMethod: (_id, _stale, { context }) => context.functions.mailConfiguration(),
  });
  const own = new LRUCache<string, { sealed: string; route: Route }>({
    max: mostOpen,
    // Whatever was being sent by it is tried again by the one that replaces it.
    dispose: ({ route }) => void route.transport.close(),
  });

  function ownRoute(project: ServableProject, sealed: string): Route {
    const known = own.get(project.id);
    if (known?.sealed === sealed) return known.route;
    const route = routeThrough(openSealed(project, sealed), coolDown);
    own.set(project.id, { sealed, route });
    return route;
  }

  return {
    async of(project) {
      const configuration = await configurations.forceFetch(project.id, { context: project });
      if (configuration.transport !== null) {
        return { configuration, route: ownRoute(project, configuration.transport) };
      }
      own.delete(project.id);
      return { configuration, route: fleetRoute };
    },
    async close() {
      own.clear();
      await fleet?.transport.close();
    },
  };
}

function openSealed({ id, box }: ServableProject, sealed: string): Sender {
  try {
    return openSender(parseTransport(box.open(Buffer.from(sealed, "hex"), transportUse)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it is not readable";
    throw new OperatorError(`the mail transport of ${id} cannot be used: ${reason}`);
  }
}

/** Reads what was sealed. */
export function parseTransport(text: string): MailSettings {
  return settingsSchema.parse(JSON.parse(text));
}

function routeThrough(sender: Sender, coolDown: CoolDown): Route {
  let failures = 0;
  let retryAt = 0;
  let isProbing = false;
  return {
    ...sender,
    enter() {
      if (failures === 0) return 0;
      const wait = retryAt - Date.now();
      if (wait > 0) return wait;
      if (isProbing) return coolDown.first;
      isProbing = true;
      return 0;
    },
    leave(isUp) {
      isProbing = false;
      if (isUp === null) return;
      if (isUp) {
        failures = 0;
        return;
      }
      // Mails that were under way together fail together, and are one failure.
      if (failures > 0 && Date.now() < retryAt) return;
      failures += 1;
      retryAt = Date.now() + Math.min(coolDown.most, coolDown.first * 2 ** (failures - 1));
    },
  };
}
