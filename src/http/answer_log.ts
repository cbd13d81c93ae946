import { AuthError } from "../errors.ts";
import { reasonForLog } from "../oauth/failures.ts";
import type { Provider } from "../oauth/provider.ts";
import type { HttpContext } from "./service.ts";

/**
 * Says why a provider's answer was refused, which nobody is told outside: an operator who mistyped an
 * issuer would otherwise never learn.
 */
export function logRefusedAnswer(c: HttpContext, { name }: Provider, error: unknown): void {
  if (!(error instanceof AuthError) || error.code !== "bad_oauth_callback") return;
  c.get("service").logger.warn(
    { requestId: c.get("requestId"), provider: name, reason: reasonForLog(error) },
    "a provider's answer was refused",
  );
}
