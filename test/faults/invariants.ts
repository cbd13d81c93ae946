import { type Answer, type Belongings, wordsOf } from "./answers.ts";
import type { Operation } from "./history.ts";

/** What the database holds when all is quiet. */
export interface FinalState {
  /** Sessions that nobody has ended, and how many unused tokens each has. */
  readonly leaves: ReadonlyMap<string, number>;
  /** Rows by canonical address. */
  readonly users: ReadonlyMap<string, number>;
  /** What was written, by its key. */
  readonly values: ReadonlyMap<string, string>;
}

/** A mail that the mail server took. */
export interface Delivered {
  readonly recipient: string;
  /** Its Message-ID. */
  readonly id: string;
  readonly token: string;
}

/** A process died when so many mails had come, and another was there when so many had. */
export interface Crash {
  readonly from: number;
  readonly until: number;
  /** Mails that it can have been about, at most: so many may come again. */
  readonly underWay: number;
}

/** Says in a sentence each what must not have happened; empty when all is well. */
export function violations(operations: readonly Operation[], final: FinalState): string[] {
  return [
    ...lostWrites(operations, final),
    ...secondLeaves(operations, final),
    ...refreshesAfterLogout(operations),
    ...secondUsers(final),
    ...lockedOut(operations, final),
  ];
}

/** I1: an acknowledged write is visible. One client writes a key, one value after the other. */
function lostWrites(operations: readonly Operation[], { leaves, users, values }: FinalState) {
  const found: string[] = [];
  for (const { subject } of acknowledged(operations, "logout"))
    if (leaves.has(subject)) found.push(`I1: the logout of ${subject} is lost`);
  for (const { subject } of acknowledged(operations, "signup"))
    if (!users.has(subject)) found.push(`I1: the sign-up of ${subject} is lost`);
  for (const [key, writes] of bySubject(operations, "write")) {
    const last = writes.findLastIndex(({ outcome }) => outcome === "ok");
    if (last === -1) continue;
    // A later write of which nobody knows may have happened.
    const allowed = writes.slice(last).flatMap(({ outcome, given }) => {
      return outcome === "fail" ? [] : [given];
    });
    const value = values.get(key);
    if (!allowed.includes(value))
      found.push(`I1: the write of ${key} is lost: ${value}, not ${allowed.join(", ")}`);
  }
  return found;
}

/** I2: a token has one child at most, and a live session one unused token at most. */
function secondLeaves(operations: readonly Operation[], { leaves }: FinalState): string[] {
  const found: string[] = [];
  for (const [session, refreshes] of bySubject(operations, "refresh")) {
    const children = new Map<string, Set<string>>();
    for (const { outcome, given = "", received } of refreshes) {
      if (outcome !== "ok" || received === undefined) continue;
      children.set(given, (children.get(given) ?? new Set()).add(received));
    }
    for (const { size } of children.values())
      if (size > 1) found.push(`I2: a token of ${session} has ${size} children`);
  }
  for (const [session, count] of leaves)
    if (count > 1) found.push(`I2: ${session} has ${count} live leaves`);
  return found;
}

/** I3: after an acknowledged logout, no refresh that is invoked later succeeds. */
function refreshesAfterLogout(operations: readonly Operation[]): string[] {
  const refreshes = bySubject(operations, "refresh");
  return acknowledged(operations, "logout").flatMap(({ subject, endedAt }) =>
    (refreshes.get(subject) ?? [])
      .filter(({ outcome, invokedAt }) => outcome === "ok" && invokedAt > endedAt)
      .map(() => `I3: ${subject} was refreshed after its logout`),
  );
}

/** I4: one row an address. */
function secondUsers({ users }: FinalState): string[] {
  return [...users].flatMap(([email, rows]) =>
    rows > 1 ? [`I4: ${email} has ${rows} users`] : [],
  );
}

/** I5: nothing that a project's clients are told is another project's. */
export function foreignWords(answers: readonly Answer[], belongings: Belongings): string[] {
  return answers.flatMap(({ project, text }) =>
    [...wordsOf(text)].flatMap((word) => {
      const owner = belongings.get(word) ?? project;
      return owner === project ? [] : [`I5: ${project} was told ${word} of ${owner}`];
    }),
  );
}

/** I6: who retries gets through; an honest client is refused after its own logout alone. */
function lockedOut(operations: readonly Operation[], { leaves }: FinalState): string[] {
  const found: string[] = [];
  for (const { kind, subject, outcome, received } of operations) {
    if (outcome !== "fail") continue;
    if (received === undefined)
      found.push(`I6: the ${kind} of ${subject} was refused without a code`);
    else if (["login", "logout", "write", "mail"].includes(kind))
      found.push(`I6: the ${kind} of ${subject} was refused with ${received}`);
  }
  for (const [email, tries] of bySubject(operations, "signup")) {
    const refused = tries.findIndex(({ outcome }) => outcome === "fail");
    const code = tries[refused]?.received;
    // One before it may have been done.
    const isExcused =
      code === "user_already_exists" &&
      tries.slice(0, refused).some(({ outcome }) => outcome === "info");
    if (refused !== -1 && !isExcused)
      found.push(`I6: the sign-up of ${email} was refused with ${code}`);
  }
  const logouts = bySubject(operations, "logout");
  for (const [session, refreshes] of bySubject(operations, "refresh")) {
    const [logout] = logouts.get(session) ?? [];
    const before = refreshes.filter(({ endedAt }) => !logout || endedAt < logout.invokedAt);
    for (const { outcome, received } of before)
      if (outcome === "fail") found.push(`I6: ${session} was refused with ${received}`);
    if (logout) continue;
    if (before.at(-1)?.outcome !== "ok") found.push(`I6: ${session} never got through`);
    if (leaves.get(session) === undefined) found.push(`I6: ${session} was ended by nobody`);
  }
  return found;
}

/**
 * I7: who was told that a mail is on its way gets it. A copy comes only where a process died in between,
 * and is the same mail with the same token.
 */
export function mailViolations(
  operations: readonly Operation[],
  delivered: readonly Delivered[],
  crashes: readonly Crash[],
): string[] {
  const found: string[] = [];
  const recipients = new Set(delivered.map(({ recipient }) => recipient));
  for (const { subject } of acknowledged(operations, "mail"))
    if (!recipients.has(subject)) found.push(`I7: the mail to ${subject} never came`);

  const requests = bySubject(operations, "mail");
  const tokens = new Map<string, { mail: Delivered; at: number }>();
  const mails = new Map<string, string>();
  const counts = new Map<string, number>();
  let excused = 0;
  delivered.forEach((mail, at) => {
    const { recipient, id, token } = mail;
    const copied = tokens.get(token);
    tokens.set(token, { mail, at });
    if (copied && copied.mail.id !== id) found.push(`I7: a token of ${recipient} is in two mails`);
    const isExcused = crashes.some(({ from, until }) => copied && copied.at < until && at >= from);
    if (copied && !isExcused) found.push(`I7: a mail to ${recipient} came twice without a crash`);
    if ((mails.get(id) ?? token) !== token) found.push(`I7: a mail to ${recipient} has two tokens`);
    if (isExcused) excused += 1;
    if (!copied) counts.set(recipient, (counts.get(recipient) ?? 0) + 1);
    mails.set(id, token);
  });
  for (const [recipient, count] of counts) {
    const asked = (requests.get(recipient) ?? []).filter(({ outcome }) => outcome !== "fail");
    if (count > asked.length) found.push(`I7: ${recipient} got mails that nobody asked for`);
  }
  const underWay = crashes.reduce((sum, crash) => sum + crash.underWay, 0);
  if (excused > underWay)
    found.push(`I7: ${excused} mails came twice where ${underWay} were under way`);
  return found;
}

function acknowledged(operations: readonly Operation[], kind: Operation["kind"]): Operation[] {
  return operations.filter((each) => each.kind === kind && each.outcome === "ok");
}

function bySubject(
  operations: readonly Operation[],
  kind: Operation["kind"],
): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    if (operation.kind !== kind) continue;
    const group = groups.get(operation.subject);
    if (group) group.push(operation);
    else groups.set(operation.subject, [operation]);
  }
  return groups;
}
