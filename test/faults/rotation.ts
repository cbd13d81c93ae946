import type { TestProject } from "../support/project.ts";
import { openSessions } from "../support/sessions.ts";
import { type Answer, keepingAnswers, readBelongings } from "./answers.ts";
import { countRecoveredTooOften, readFinalState } from "./final_state.ts";
import { type Operation, recordHistory } from "./history.ts";
import { foreignWords, violations } from "./invariants.ts";
import { signUpNewcomer } from "./newcomer.ts";
import { type Person, stayer, visitor } from "./people.ts";
import { openClient, type Send } from "./retrying_client.ts";
import { stockSessions } from "./session_stock.ts";

export interface RotationOptions {
  /** Of each project. */
  readonly clients: number;
  /**
   * Begins when all have a session; until it has ended, everybody rotates. It may ask how many logouts were
   * acknowledged so far.
   */
  readonly faults: (logouts: () => number) => Promise<unknown>;
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
  /** Logouts that were acknowledged while there were faults to come. */
  readonly logoutsAmidFaults: number;
  /** Why a client gave up, of each that did. */
  readonly lockedOut: readonly string[];
  /** Sessions of the project that the third late recovery in a row has ended: one reason to be locked out. */
  readonly recoveredTooOften: number;
}

// Of who signs up, which costs a hash.
const absence = 400;

/**
 * Lets people rotate their sessions, and write a little, while there are faults. Every second one logs out now
 * and then, with more faults to come, and one more signs up each time. When it is calm, everybody presents all
 * that it was ever given and has logged out of, or rotates once more where the session goes on.
 */
export async function rotateDuring(
  project: TestProject,
  send: Send,
  { clients, faults, calm, rest = 0 }: RotationOptions,
): Promise<RotationResult> {
  const history = recordHistory();
  const answers: Answer[] = [];
  const kept = keepingAnswers(project.id, send, answers);
  const nextSession = stockSessions(project);
  const next = async () => openClient(history, kept, await nextSession());
  const signUp = async () => openClient(history, kept, await signUpNewcomer(history, kept));
  const sessions = await openSessions(project, clients);
  const people: Person[] = sessions.map((session, index) =>
    index % 2 === 0 ? stayer(openClient(history, kept, session), rest) : visitor(next, rest),
  );
  people.push(visitor(signUp, rest, absence));
  const lockedOut = new Map<Person, string>();
  const each = (work: (person: Person) => Promise<void>) =>
    Promise.all(
      people.map(async (person) => {
        if (lockedOut.has(person)) return;
        await work(person).catch((error) => lockedOut.set(person, String(error)));
      }),
    );

  let isOver = false;
  let logoutsAmidFaults = 0;
  const logouts = () => countOutcomes(history.operations(), "logout").ok;
  const injecting = faults(logouts).finally(() => {
    isOver = true;
    logoutsAmidFaults = logouts();
  });
  await each((person) => person.live(() => isOver));
  // Nobody is left to meet faults that are counted: they would never end.
  if (lockedOut.size < people.length) await injecting;
  else injecting.catch(() => {});
  await calm?.();
  await each((person) => person.comeBack());
  const operations = history.operations();
  return {
    operations,
    answers,
    violations: violations(operations, await readFinalState(project)),
    logoutsAmidFaults,
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
  const counts: (() => number)[] = [];
  let begun: Promise<unknown> | undefined;
  const faults = (logouts: () => number) => {
    counts.push(logouts);
    begun ??= options.faults(() => counts.reduce((sum, count) => sum + count(), 0));
    return begun;
  };
  const results = await Promise.all(
    projects.map((project) => rotateDuring(project, sendOf(project), { ...options, faults })),
  );
  const total = (figure: (result: RotationResult) => number) =>
    results.reduce((sum, result) => sum + figure(result), 0);
  const belongings = new Map((await Promise.all(projects.map(readBelongings))).flat());
  const answers = results.flatMap((result) => result.answers);
  return {
    operations: results.flatMap(({ operations }) => operations),
    answers,
    violations: [
      ...results.flatMap((result) => result.violations),
      ...foreignWords(answers, belongings),
    ],
    logoutsAmidFaults: total(({ logoutsAmidFaults }) => logoutsAmidFaults),
    lockedOut: results.flatMap(({ lockedOut }) => lockedOut),
    recoveredTooOften: total(({ recoveredTooOften }) => recoveredTooOften),
  };
}

/** How many operations of a kind ended how, such as `{ ok: 900, info: 100, fail: 0 }`. */
export function countOutcomes(operations: readonly Operation[], kind: Operation["kind"]) {
  const counts = { ok: 0, fail: 0, info: 0 };
  for (const operation of operations) if (operation.kind === kind) counts[operation.outcome] += 1;
  return counts;
}

/** How many sessions somebody has tried to refresh. */
export function countSessions(operations: readonly Operation[]): number {
  const refreshes = operations.filter(({ kind }) => kind === "refresh");
  return new Set(refreshes.map(({ subject }) => subject)).size;
}
