import { AuthError, OperatorError } from "../errors.ts";
import type { Preset } from "../oauth/preset.ts";
import { openProvider, type Provider } from "../oauth/provider.ts";
import { presetOf } from "../oauth/providers/index.ts";
import type { Remote } from "../oauth/remote.ts";
import type { HttpContext } from "./service.ts";

/** A provider of the request's project with what knows how to talk to it. */
export interface ReachableProvider {
  readonly preset: Preset;
  readonly provider: Provider;
  readonly remote: Remote;
}

/** Null where the project has no provider of that name. */
export async function findProvider(
  c: HttpContext,
  name: string,
): Promise<ReachableProvider | null> {
  const { functions, box } = c.get("project");
  const { remote } = c.get("service");
  const configuration = await functions.providerConfiguration(name);
  const preset = configuration && presetOf(configuration.kind);
  if (!preset) return null;
  try {
    return { preset, provider: openProvider(configuration, box), remote };
  } catch (cause) {
    // An operator's to mend, like a project's own keys.
    if (cause instanceof OperatorError) throw new AuthError("service_unavailable", { cause });
    throw cause;
  }
}

/** @throws AuthError validation_failed where the project has no provider of that name */
export async function requireProvider(
  c: HttpContext,
  name: string | undefined,
): Promise<ReachableProvider> {
  const found = name ? await findProvider(c, name) : null;
  if (found) return found;
  throw new AuthError("validation_failed", {
    message: "Unsupported provider: provider is not enabled",
  });
}

/** Where providers send browsers back to; to be registered with each. */
export function callbackUrl(c: HttpContext): string {
  return `${c.get("project").issuer.authUrl}/callback`;
}
