import { type Logger, pino } from "pino";
import type { Registry } from "prom-client";
import { openBreaches } from "./breaches/lookup.ts";
import type { Database } from "./database/database.ts";
import { registryFunctions } from "./database/functions.ts";
import { AuthError } from "./errors.ts";
import { createApp } from "./http/app.ts";
import { clientAddressReader } from "./http/client_address.ts";
import type { Bindings } from "./http/service.ts";
import { signupGate } from "./http/signup_gate.ts";
import { type Delivery, startDelivery } from "./mail/delivery.ts";
import type { FolderTemplate } from "./mail/templates/template.ts";
import { type MailboxTransport, mailboxSender } from "./mail/transports/mailbox.ts";
import { type MailSettings, openSender } from "./mail/transports/open.ts";
import type { Sender } from "./mail/transports/transport.ts";
import { type Pruning, type PruningOptions, startPruning } from "./maintenance/pruning.ts";
import { openRemote, type RemoteOptions } from "./oauth/remote.ts";
import { createHasher, type Hasher, type HasherOptions } from "./passwords/hasher.ts";
import { type Directory, projectDirectory } from "./projects/directory.ts";
import { authUrlOf } from "./projects/environment.ts";
import { parseKeyring } from "./projects/secrets.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { watchDatabase, watchHasher } from "./telemetry/watched.ts";

export interface AuthOptions {
  /** One database, or the databases of a fleet. Closing them stays with the caller. */
  readonly database: Database | readonly Database[];
  /** MIOSA_AUTH_KEY: 64 hex characters, or several with commas between, the new one first. */
  readonly masterKey: string;
  /** Where projects are reached from outside; AUTH_URL is this and the project's id. */
  readonly publicUrl: string;
  /** Addresses or networks of proxies whose X-Forwarded-For is believed; none by default. */
  readonly trustedProxies?: readonly string[];
  /** Admit every loopback origin by CORS; for development. */
  readonly allowLoopbackOrigins?: boolean;
  /** How identity providers may be reached. */
  readonly providers?: RemoteOptions;
  /**
   * The range API that is asked for projects with `breached_passwords`: that of Have I Been Pwned by
   * default, or a mirror, also at a private address.
   */
  readonly breachedPasswordsUrl?: string;
  readonly hashing?: HasherOptions;
  /** Computes password hashes instead of bcrypt; for tests. The caller closes it. */
  readonly hasher?: Hasher;
  /** Deliver mail, too; without, it waits for a process that does. */
  readonly mail?: MailOptions;
  /** Forget what is over, too: `{}` for the usual pace; without, it stays for a process that does. */
  readonly pruning?: PruningOptions;
  /** Silent by default. */
  readonly logger?: Logger;
  /**
   * A registry of prom-client's that tells of this service from now on, and until it is closed. One
   * registry holds the metrics of one service.
   */
  readonly metrics?: Registry;
}

export interface MailOptions {
  /**
   * How projects without a transport of their own send: settings, or a mailbox that keeps the mail for
   * development and tests. Without, their mail waits.
   */
  readonly transport?: MailSettings | MailboxTransport;
  /** Show what the mailbox keeps at `/_dev/mail`, to everyone who can reach it; for development. */
  readonly showMailbox?: boolean;
  /** Templates of the fleet's own. */
  readonly templates?: readonly FolderTemplate[];
  /** Milliseconds between two looks into an outbox that was empty; 1,000 by default, 0 for never. */
  readonly pollInterval?: number;
}

/** The auth service of all projects of its databases, as a fetch-style handler. */
export interface Auth {
  /**
   * Answers a request. A server that passes Node's `incoming` message along lets requests be counted
   * by client address.
   */
  fetch(request: Request, bindings?: Bindings): Promise<Response>;
  /** Says from now on that it is not ready, so that a load balancer sends nobody new. */
  drain(): void;
  /** Sends all mail that is due, and resolves when it has left or failed. */
  deliverMail(): Promise<void>;
  /**
   * Finishes the hashes in flight and ends the hashing threads; mails under way have 30 s to leave.
   */
  close(): Promise<void>;
}

/**
 * Makes the service.
 *
 * @throws RangeError for a master key or a mail transport that cannot be one
 * @throws AuthError validation_failed for a `breachedPasswordsUrl` that is never asked
 * @example
 * ```ts
 * const auth = createAuth({ database, masterKey, publicUrl: "https://auth.example" });
 * app.mount("/", (request) => auth.fetch(request));
 * ```
 */
export function createAuth(options: AuthOptions): Auth {
  const keyring = parseKeyring(options.masterKey);
  const logger = options.logger ?? pino({ enabled: false });
  const isBreached = openBreaches({
    url: options.breachedPasswordsUrl,
    logger,
    looked: (outcome) => metrics?.breachLooked(outcome),
  });
  const hasher = options.hasher ?? createHasher(options.hashing);
  const given = [options.database].flat() as readonly Database[];
  const metrics = options.metrics && createMetrics(options.metrics, { databases: given, hasher });
  const databases = given.map((database, index) =>
    watchDatabase(database, (reason) => metrics?.callFailed(index, reason)),
  );
  const publicUrl = options.publicUrl.replace(/\/+$/, "");
  const directory = projectDirectory({ databases, keyring });
  const delivery =
    options.mail && deliver(options.mail, { databases, directory, publicUrl, logger, metrics });
  const pruning: Pruning | undefined =
    options.pruning && startPruning({ ...options.pruning, databases, logger });
  const mailbox = options.mail?.showMailbox ? mailboxOf(options.mail) : undefined;
  const deliverMail = async () => delivery?.drain();
  let isDraining = false;
  const app = createApp({
    directory,
    hasher: watchHasher(hasher, metrics?.hashRefused),
    signupGate: signupGate(),
    publicUrl,
    allowsLoopbackOrigins: options.allowLoopbackOrigins ?? false,
    clientAddress: clientAddressReader({ trustedProxies: options.trustedProxies ?? [] }),
    isBreached,
    remote: openRemote(options.providers),
    logger,
    ...(metrics ? { metrics } : {}),
    ...(mailbox ? { mailbox: { transport: mailbox, deliverMail } } : {}),
    mailQueued: () => delivery?.wake(),
    async checkReadiness() {
      if (isDraining) throw new AuthError("service_unavailable", { retryAfter: 5 });
      await Promise.all(databases.map((database) => registryFunctions(database).findProject("")));
    },
  });
  return {
    fetch: async (request, bindings = {}) => app.fetch(request, bindings),
    drain: () => {
      isDraining = true;
    },
    deliverMail,
    close: async () => {
      await Promise.all([delivery?.stop(), pruning?.stop()]);
      if (!options.hasher) await hasher.close();
      metrics?.close();
    },
  };
}

interface DeliveryParts {
  readonly databases: readonly Database[];
  readonly directory: Directory;
  readonly publicUrl: string;
  readonly logger: Logger;
  readonly metrics: Metrics | undefined;
}

function deliver(options: MailOptions, { publicUrl, metrics, ...parts }: DeliveryParts): Delivery {
  const { transport, templates, pollInterval } = options;
  return startDelivery({
    ...parts,
    fleet: transport ? senderOf(transport) : null,
    authUrl: (projectId) => authUrlOf(publicUrl, projectId),
    ...(metrics ? { tried: metrics.mailTried } : {}),
    ...(templates ? { folderTemplates: templates } : {}),
    ...(pollInterval === undefined ? {} : { pollInterval }),
  });
}

function senderOf(transport: MailSettings | MailboxTransport): Sender {
  return "url" in transport ? openSender(transport) : mailboxSender(transport);
}

function mailboxOf({ transport }: MailOptions): MailboxTransport | undefined {
  return transport && !("url" in transport) ? transport : undefined;
}
