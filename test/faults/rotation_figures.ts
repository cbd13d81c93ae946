import type { Figures } from "./figures.ts";
import { countOutcomes, type RotationResult } from "./rotation.ts";

/** Adds what a run of rotating clients has shown; `clients` rotated in it. */
export function addRotationFigures(
  figures: Figures,
  what: string,
  clients: number,
  { operations, answers, violations, lockedOut, recoveredTooOften }: RotationResult,
): void {
  const refreshes = countOutcomes(operations, "refresh");
  const writes = countOutcomes(operations, "write").ok + countOutcomes(operations, "logout").ok;
  const found = (invariant: string) =>
    violations.filter((sentence) => sentence.startsWith(`${invariant}:`)).length;

  figures.add(
    `${what}: rotations without an answer`,
    refreshes.ok + refreshes.info,
    refreshes.info,
  );
  figures.add(`${what}: clients locked out`, clients, lockedOut.length);
  figures.add(
    `${what}: of the project so far, by three late recoveries in a row`,
    clients,
    recoveredTooOften,
  );
  figures.add(`${what}: tokens with two children or leaves`, refreshes.ok, found("I2"));
  figures.add(`${what}: acknowledged writes and logouts lost`, writes, found("I1"));
  figures.add(
    `${what}: refreshes after a logout`,
    countOutcomes(operations, "logout").ok,
    found("I3"),
  );
  figures.add(`${what}: answers with what is another project's`, answers.length, found("I5"));
}
