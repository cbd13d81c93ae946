import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { changeSettings } from "../../src/projects/settings.ts";
import { fromAddress } from "../support/delivery.ts";
import { openProjectOn, startOwnServer } from "../support/own_server.ts";
import type { TestProject } from "../support/project.ts";
import { header, type ReceivedMail, startSmtp } from "../support/smtp.ts";
import { type History, type Operation, recordHistory } from "./history.ts";
import { sendTo } from "./http_client.ts";
import { type Crash, type Delivered, mailViolations, violations } from "./invariants.ts";
import { startKillable } from "./killed_service.ts";
import { type Send, untilAnswered } from "./retrying_client.ts";
import { randomWireFault, startWireProxy, type WireFault, wireFaults } from "./wire_proxy.ts";

export interface MailedThrough {
  readonly operations: readonly Operation[];
  readonly delivered: readonly Delivered[];
  /** Mails that came once more. */
  readonly copies: number;
  readonly cuts: ReadonlyMap<WireFault, number>;
  readonly kills: number;
  /** What must not have happened. */
  readonly violations: readonly string[];
  /** Delivered links, of those that were tried, that do not open. */
  readonly dead: readonly string[];
}

const clients = 8;
const longestRest = 120;
const usersPerRound = 500;
const triedLinks = 25;
const cutRate = 0.1;
// What a process sends at once.
const underWay = 5;

/**
 * Clients ask for recovery and magic links while the one process that answers them and delivers is killed,
 * mostly with a mail that the mail server has taken and not confirmed; every third time Postgres crashes
 * instead. Between the two, links break in those ways, until the last time, which is a kill.
 */
export async function mailThrough(
  rounds: number,
  links: readonly WireFault[] = wireFaults,
): Promise<MailedThrough> {
  // Without fsync: processes die here, and not the machine.
  const { project, server, close } = await openProjectOn(await startOwnServer());
  const { service } = project;
  await changeSettings(service.admin, project.id, {
    mail_interval: 0,
    mails_per_address: 0,
    mail_recipients_per_hour: 100_000,
  });
  const addresses = await insertUsers(project, rounds * usersPerRound);
  const smtp = await startSmtp();
  const proxy = await startWireProxy(server.port);
  const url = proxy.through(server.url("postgres", service.runtimeRole));
  const environment = { MIOSA_AUTH_MAIL_URL: smtp.url, MIOSA_AUTH_MAIL_FROM: fromAddress };
  const process = await startKillable(service, { url, environment });
  const crashes: Crash[] = [];

  const kill = async (round: number) => {
    smtp.mode = round % 4 === 0 ? "accept" : "slow after DATA";
    const before = smtp.mails.length;
    while (smtp.mails.length === before) await sleep(5);
    let from = 0;
    await process.restart("SIGKILL", async () => {
      from = smtp.mails.length;
      smtp.mode = "accept";
      // No process, so no mail is under way while the leases of those that died are ended.
      if (round === rounds) proxy.choose();
      await makeDue(project);
    });
    crashes.push({ from, until: smtp.mails.length, underWay });
  };
  const history = recordHistory();
  let isOver = false;
  const send = sendTo(() => process.port, project.id);
  proxy.choose(randomWireFault(cutRate, links));
  const asking = Array.from({ length: clients }, () =>
    askForMails(history, send, addresses, () => isOver),
  );
  for (let round = 1; round <= rounds; round += 1) {
    await sleep(randomInt(300));
    if (round % 3 === 1 && round < rounds) await server.restart("immediate");
    else await kill(round);
  }
  isOver = true;
  await Promise.all(asking);
  await untilNoneWaits(project);
  await process.stop();

  const operations = history.operations();
  const delivered = smtp.mails.map(readMail);
  const result = {
    operations,
    delivered,
    copies: delivered.length - new Set(delivered.map(({ id }) => id)).size,
    cuts: proxy.injections.counts,
    kills: crashes.length,
    violations: [
      ...violations(operations, { leaves: new Map(), users: new Map(), values: new Map() }),
      ...mailViolations(operations, delivered, crashes),
    ],
    dead: await deadLinks(project, delivered),
  };
  await proxy.close();
  await smtp.close();
  await close();
  return result;
}

/** Whoever is next of those addresses, until each is answered. */
async function askForMails(
  history: History,
  send: Send,
  addresses: Iterator<string>,
  isOver: () => boolean,
): Promise<void> {
  for (let asked = 0; !isOver(); asked += 1) {
    const subject: string = addresses.next().value;
    const path = asked % 2 === 0 ? "/reset" : "/magiclink";
    await untilAnswered(history, { kind: "mail", subject }, () =>
      send(path, { method: "POST", body: { email: subject } }),
    );
    await sleep(Math.random() * longestRest);
  }
}

/** Users without a password, more than are asked for. */
async function insertUsers(project: TestProject, count: number): Promise<Iterator<string>> {
  const users = await project.sql<{ email: string }>(
    `insert into users (email) select format('m%s@example.com', n)
     from generate_series(1, $1::int) n returning email`,
    [count],
  );
  return users.map(({ email }) => email).values();
}

async function makeDue({ service }: TestProject): Promise<void> {
  await service.engine.query(
    "update miosa_auth.outbox set due_at = now() where state = 'queued' and due_at > now()",
  );
}

async function untilNoneWaits({ service }: TestProject): Promise<void> {
  const waiting = "select from miosa_auth.outbox where state = 'queued' limit 1";
  while ((await service.engine.query(waiting)).length > 0) await sleep(50);
}

function readMail({ to, raw }: ReceivedMail): Delivered {
  const text = raw.replaceAll("=\r\n", "").replaceAll("=3D", "=");
  const token = /[?&]token=([A-Za-z0-9_-]{43})/.exec(text)?.[1];
  if (token === undefined) throw new Error("a mail without a link");
  return { recipient: to.join(), id: header(raw, "Message-ID") ?? "", token };
}

/** Opens the newest link of some addresses. */
async function deadLinks(project: TestProject, delivered: readonly Delivered[]): Promise<string[]> {
  const newest = new Map(delivered.map(({ recipient, token }) => [recipient, token]));
  const dead: string[] = [];
  for (const [recipient, token] of [...newest].slice(-triedLinks)) {
    const replies = await Promise.all(
      ["recovery", "magiclink"].map((type) => project.post("/verify", { type, token_hash: token })),
    );
    if (replies.every(({ status }) => status !== 200)) dead.push(recipient);
  }
  return dead;
}
