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
