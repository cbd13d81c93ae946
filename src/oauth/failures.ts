import { AuthError, OperatorError } from "../errors.ts";
import type { Provider } from "./provider.ts";

/** A provider that does not answer, or not as one: it may tomorrow. */
export function unreachable({ name }: Provider, what: string, cause: unknown): AuthError {
  return new AuthError("service_unavailable", {
    message: "The provider cannot be reached now, try again",
    cause: new OperatorError(`provider ${name}: ${what}: ${reasonOf(cause)}`),
  });
}

/** What the operator must mend before anybody can sign in there. */
export function misconfigured({ name }: Provider, what: string): AuthError {
  return new AuthError("unexpected_failure", {
    cause: new OperatorError(`provider ${name}: ${what}`),
  });
}

/** The part of an answer that is not as it must be, by its name. */
export class Misfit extends Error {
  override readonly name = "Misfit";
}

/**
 * Why an answer was of no use, for the log: names of errors and claims, never what the answer said.
 */
export function reasonForLog({ cause }: AuthError): string | undefined {
  if (cause instanceof Misfit) return cause.message;
  if (!(cause instanceof Error)) return undefined;
  const { code, claim } = cause as { code?: unknown; claim?: unknown };
  const names = [code ?? cause.name, claim].filter((name) => typeof name === "string");
  return names.join(" ");
}

/** An answer that proves nothing; what it says goes nowhere. */
export function unusable(cause?: unknown): AuthError {
  return new AuthError("bad_oauth_callback", { cause });
}

// Messages of ours and of Node's network, which hold a host at most; a library's may quote the answer.
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "unknown";
  const { code } = cause as NodeJS.ErrnoException;
  if (cause.name === "AbortError" || cause.name === "TimeoutError") return "no answer in time";
  return code ?? cause.message;
}
