import { AuthError, type AuthErrorCode, isAuthErrorCode } from "../errors.ts";
import type { Refusal } from "./functions.ts";

/**
 * Takes what a SQL function returned, or throws the refusal it returned instead. By now the refusal
 * is committed, so whatever it recorded stays.
 *
 * @param statuses statuses that replace the table's, by code
 * @throws AuthError
 */
export function accepted<T extends { outcome: null }>(
  result: Refusal | T,
  statuses: Partial<Record<AuthErrorCode, number>> = {},
): T {
  if (result.outcome === null) return result as T;
  const { outcome, retry_after: retryAfter } = result as Refusal;
  if (!isAuthErrorCode(outcome)) {
    throw new AuthError("unexpected_failure", {
      cause: new Error(`SQL returned the unknown outcome ${outcome}`),
    });
  }
  const status = statuses[outcome];
  throw new AuthError(outcome, {
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(status === undefined ? {} : { status }),
  });
}
