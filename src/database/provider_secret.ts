import { createHash } from "node:crypto";
import type { ProviderConfiguration } from "./results.ts";

type Reached = Pick<ProviderConfiguration, "name" | "kind" | "issuer" | "client_id" | "options">;

/**
 * What the client secret of a provider is sealed for: this provider, reached as it is now. Whoever can
 * write the row and has no key cannot have the server send the secret anywhere else.
 */
export function providerSecretUse({ name, kind, issuer, client_id, options }: Reached): string {
  const reached = JSON.stringify([name, kind, issuer, client_id, sorted(options)]);
  return `provider_secret/${createHash("sha256").update(reached).digest("hex")}`;
}

// Postgres keeps the names of a jsonb in an order of its own.
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [name, sorted(part)] as const);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
