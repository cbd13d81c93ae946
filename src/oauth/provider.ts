import { providerSecretUse } from "../database/provider_secret.ts";
import type { ProviderConfiguration } from "../database/results.ts";
import type { SecretBox } from "../projects/secret_box.ts";

/** A provider of a project, with its secret opened. */
export interface Provider {
  /** The name under which the project keeps it. */
  readonly name: string;
  /** The preset that knows the rest. */
  readonly kind: string;
  readonly issuer: string | null;
  readonly clientId: string;
  readonly secret: string;
  readonly scopes: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * @throws OperatorError when no key of the ring opens the secret, or the provider was reached otherwise
 * when it was sealed
 */
export function openProvider(configuration: ProviderConfiguration, box: SecretBox): Provider {
  const { name, kind, issuer, client_id: clientId, sealed, scopes, options } = configuration;
  const secret = box.open(Buffer.from(sealed, "hex"), providerSecretUse(configuration));
  return { name, kind, issuer, clientId, secret, scopes, options };
}

/** A text among the options, or null. */
export function textOption({ options }: Provider, name: string): string | null {
  const value = options[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/** The texts of a list among the options. */
export function listOption({ options }: Provider, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

/** Whether the operator has said so; nothing but `true` does. */
export function isOptionSet({ options }: Provider, name: string): boolean {
  return options[name] === true;
}
