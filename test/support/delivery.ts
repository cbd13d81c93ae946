import { pino } from "pino";
import { type Delivery, type DeliveryOptions, startDelivery } from "../../src/mail/delivery.ts";
import { openSender } from "../../src/mail/transports/open.ts";
import type { Sender } from "../../src/mail/transports/transport.ts";
import { projectDirectory } from "../../src/projects/directory.ts";
import type { TestProject } from "./project.ts";
import type { TestService } from "./service.ts";

export type QueuedRow = {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly failure: string | null;
  readonly lease: string | null;
  /** Seconds from now. */
  readonly wait: number;
  readonly isErased: boolean;
  readonly recipient: string;
};

/** Queues mails that only tell, in one transaction: `count` of them, to `m1@example.com` and so on. */
export async function queueMails(
  { id, service }: TestProject,
  count: number,
  { purpose = "password_changed", payload = "" }: { purpose?: string; payload?: string } = {},
): Promise<void> {
  await service.engine.query(
    `insert into miosa_auth.outbox (project_id, owner_role, purpose, recipient, payload, data)
     select p.id, p.owner_role, $3, format('m%s@example.com', n), decode($4, 'hex'), '{"email": "m@example.com"}'
     from miosa_auth.projects p, generate_series(1, $2::int) n where p.id = $1`,
    [id, count, purpose, payload],
  );
}

/** The rows of a project, oldest first. */
export function queuedRows({ id, service }: TestProject): Promise<QueuedRow[]> {
  return service.engine.query<QueuedRow>(
    `select id::text, state, attempts, failure, lease::text, recipient,
      extract(epoch from due_at - now())::float8 as wait, payload = '' and data = '{}' as "isErased"
     from miosa_auth.outbox where project_id = $1 order by outbox.id`,
    [id],
  );
}

/** How many rows of a project are in each state. */
export async function statesOf(project: TestProject): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of await queuedRows(project)) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** What other tests left would be delivered, too. */
export async function emptyOutbox({ engine }: TestService): Promise<void> {
  await engine.query("delete from miosa_auth.outbox");
}

export interface TestDelivery extends Delivery {
  /** Every line that was logged, as JSON. */
  readonly log: string[];
}

/** A process that delivers, as the server's own login does. */
export function deliverFrom(
  service: TestService,
  sender: Sender | string | null,
  options: Partial<DeliveryOptions> = {},
): TestDelivery {
  const log: string[] = [];
  const { runtime, keyring, publicUrl } = service;
  const databases = options.databases ?? [runtime];
  const delivery = startDelivery({
    databases,
    directory: projectDirectory({ databases, keyring, ttl: 1 }),
    fleet: typeof sender === "string" ? openSender({ url: sender, from: fromAddress }) : sender,
    authUrl: (id) => `${publicUrl}/${id}`,
    logger: pino({ level: "trace" }, { write: (line: string) => log.push(line) }),
    pollInterval: 0,
    coolDown: { first: 100, most: 500 },
    ...options,
  });
  return { ...delivery, log };
}

export const fromAddress = "The Shop <auth@shop.example>";
