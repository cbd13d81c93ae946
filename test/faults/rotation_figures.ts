import type { Figures } from "./figures.ts";
import { countOutcomes, countSessions, type RotationResult } from "./rotation.ts";

const acknowledged = [
  ["write", "write"],
  ["logout", "logout"],
  ["signup", "sign-up"],
] as const;

/** Adds what a run of rotating clients has shown. */
export function addRotationFigures(
  figures: Figures,
  what: string,
  {
    operations,
    answers,
    violations,
    lockedOut,
    recoveredTooOften,
    logoutsAmidFaults,
  }: RotationResult,
): void {
  const refreshes = countOutcomes(operations, "refresh");
  const sessions = countSessions(operations);
  const found = (beginning: string) =>
    violations.filter((sentence) => sentence.startsWith(beginning)).length;
  const add = (name: string, samples: number, figure: number) =>
    figures.add(`${what}: ${name}`, samples, figure);

  add("rotations without an answer", refreshes.ok + refreshes.info, refreshes.info);
  add("sessions whose client was locked out", sessions, lockedOut.length);
  add("by three late recoveries in a row, in the project so far", sessions, recoveredTooOften);
  add("tokens with two children or leaves", refreshes.ok, found("I2:"));
  for (const [kind, name] of acknowledged) {
    const { ok } = countOutcomes(operations, kind);
    add(`acknowledged ${name}s lost`, ok, found(`I1: the ${name} of`));
  }
  add(
    "logouts with more faults to come",
    countOutcomes(operations, "logout").ok,
    logoutsAmidFaults,
  );
  const late = refreshes.fail + found("I3:");
  add("refreshes after a logout that succeeded", late, found("I3:"));
  add("addresses with two users", countOutcomes(operations, "signup").ok, found("I4:"));
  add("answers with what is another project's", answers.length, found("I5:"));
}
