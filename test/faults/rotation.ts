import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "../support/project.ts";
import { openSessions } from "../support/sessions.ts";
import { type Answer, keepingAnswers, readBelongings } from "./answers.ts";
import { countRecoveredTooOften, readFinalState } from "./final_state.ts";
import { type Operation, recordHistory } from "./history.ts";
import { foreignWords, violations } from "./invariants.ts";
import { openClient, type RetryingClient, type Send } from "./retrying_client.ts";

export interface RotationOptions {
  /** Of each project. */
  readonly clients: number;
  /** Begins when all have a session; until it has ended, everybody rotates. */
  readonly faults: () => Promise<unknown>;
  /** Called when everybody has had enough: from then on there are no faults. */
  readonly calm?: () => Promise<void> | void;
  /** Milliseconds that a client rests after a rotation, at most. */
  readonly rest?: number;
}

export interface RotationResult {
  readonly operations: readonly Operation[];
  readonly answers: readonly Answer[];
  /** What must not have happened. */
  readonly violations: readonly string[];
  /** Why a client gave up, of each that did. */
  readonly lockedOut: readonly string[];
  /** Sessions of the project that the third late recovery in a row has ended: one reason to be locked out. */
  readonly recoveredTooOften: number;
}

const rotationsPerWrite = 3;

/**
 * Lets clients rotate their sessions, and write a little, while there are faults. Every second one
 * then logs out, before it is calm; in the end everybody presents all that it was ever given, or
 * rotates once more where the session goes on.
 */
export async function rotateDuring(
  project: TestProject,
  send: Send,
  { clients, faults, calm, rest = 0 }: RotationOptions,
): Promise<RotationResult> {
  const history = recordHistory();
  const answers: Answer[] = [];
  const kept = keepingAnswers(project.id, send, answers);
  const sessions = await openSessions(project, clients);
  const all = sessions.map((session) => openClient(history, kept, session));
  const lockedOut = new Map<RetryingClient, string>();
  const each = (work: (client: RetryingClient, leaves: boolean) => Promise<void>) =>
    Promise.all(
      all.map(async (client, index) => {
        if (lockedOut.has(client)) return;
        await work(client, index % 2 === 1).catch((error) => lockedOut.set(client, String(error)));
      }),
    );

  let isOver = false;
  const injecting = faults().finally(() => {
    isOver = true;
  });
  await each(async (client, leaves) => {
    await rotateUntil(client, () => isOver, rest);
    if (leaves) await client.logout();
  });
  await injecting;
  await calm?.();
  await each((client, leaves) => (leaves ? client.presentAll() : client.rotate()));
  const operations = history.operations();
  return {
    operations,
    answers,
    violations: violations(operations, await readFinalState(project)),
    lockedOut: [...lockedOut.values()],
    recoveredTooOften: await countRecoveredTooOften(project),
  };
}

/** The same in several projects under the same faults, where no answer may tell of another project. */
export async function rotateTogether(
  projects: readonly TestProject[],
  sendOf: (project: TestProject) => Send,
  options: RotationOptions,
): Promise<RotationResult> {
  let begun: Promise<unknown> | undefined;
  const faults = () => {
    begun ??= options.faults();
    return begun;
  };
  const results = await Promise.all(
    projects.map((project) => rotateDuring(project, sendOf(project), { ...options, faults })),
  );
  const belongings = new Map((await Promise.all(projects.map(readBelongings))).flat());
  const answers = results.flatMap((result) => result.answers);
  return {
    operations: results.flatMap(({ operations }) => operations),
    answers,
    violations: [
      ...results.flatMap((result) => result.violations),
      ...foreignWords(answers, belongings),
    ],
    lockedOut: results.flatMap(({ lockedOut }) => lockedOut),
    recoveredTooOften: results.reduce((sum, { recoveredTooOften: n }) => sum + n, 0),
  };
}

async function rotateUntil(
  client: RetryingClient,
  isOver: () => boolean,
  rest: number,
): Promise<void> {
  for (let rotations = 1; rotations === 1 || !isOver(); rotations += 1) {
    await client.rotate();
    if (rotations % rotationsPerWrite === 0) await client.write();
    if (rest > 0) await sleep(Math.random() * rest);
  }
}

/** How many operations of a kind ended how, such as `{ ok: 900, info: 100, fail: 0 }`. */
export function countOutcomes(operations: readonly Operation[], kind: Operation["kind"]) {
  const counts = { ok: 0, fail: 0, info: 0 };
  for (const operation of operations) if (operation.kind === kind) counts[operation.outcome] += 1;
  return counts;
}
