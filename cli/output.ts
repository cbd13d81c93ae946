import { AuthError, DatabaseError } from "../src/index.ts";

/** One line of JSON for machines, or lines for people. */
export function print(value: object, json: boolean | undefined, lines: () => string[]): void {
  const text = json ? JSON.stringify(value) : lines().join("\n");
  if (text !== "") process.stdout.write(`${text}\n`);
}

/** `KEY=value` lines, ready to paste into an env file. */
export function keyValueLines(values: object): string[] {
  return Object.entries(values).map(([key, value]) => `${key}=${value}`);
}

/** Notes go to standard error, so that standard output stays machine-readable. */
export function printNotes(notes: readonly string[]): void {
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
}

/** Says on standard error why a command was refused. */
export function reportFailure(error: unknown, json: boolean): void {
  const code = error instanceof AuthError ? error.code : "unexpected_failure";
  const message = reasonOf(error);
  process.stderr.write(
    json ? `${JSON.stringify({ error: { code, message } })}\n` : `error: ${message}\n`,
  );
}

/** The reason of a failure in words for an operator. */
export function reasonOf(error: unknown): string {
  if (error instanceof DatabaseError) return error.explanation() || error.message;
  if (error instanceof AuthError && error.code === "service_unavailable" && error.cause) {
    return `A database cannot be reached (${reasonOf(error.cause)})`;
  }
  if (error instanceof AuthError && error.code === "request_timeout" && error.cause) {
    return reasonOf(error.cause);
  }
  return error instanceof Error ? error.message : String(error);
}
