import { createPrivateKey } from "node:crypto";
import type { Database } from "../database/database.ts";
import { providerSecretUse } from "../database/provider_secret.ts";
import type { ProviderConfiguration } from "../database/results.ts";
import { AuthError } from "../errors.ts";
import {
  type ProviderOptions,
  requireClient,
  requireKindOptions,
  requireOptionValues,
  requireProviderName,
} from "./provider_rules.ts";
import { asProjectOwner } from "./registry.ts";
import { secretBox } from "./secret_box.ts";
import type { Keyring } from "./secrets.ts";

/** A provider as an operator sets it. */
export interface NewProvider {
  /** What apps call it; the kind when it is not said. */
  readonly name?: string;
  readonly kind: string;
  readonly clientId: string;
  /** Of Apple the private key that signs it, in PEM; empty for a client that has none. */
  readonly clientSecret: string;
  /** Of an OIDC provider, as it spells itself. */
  readonly issuer?: string;
  /** Asked for besides the preset's. */
  readonly scopes?: readonly string[];
  readonly options?: ProviderOptions;
}

/** A provider without its secret. */
export type ShownProvider = Omit<ProviderConfiguration, "sealed">;

/**
 * Lets the users of a project sign in at a provider, or changes one of the same name. Running servers
 * follow within five seconds. Identities are keyed by issuer, not by this name.
 *
 * @returns `replaced` says whether there was one of this name
 * @throws AuthError project_not_found, validation_failed
 */
export async function setProvider(
  database: Database,
  id: string,
  provider: NewProvider,
  keyring: Keyring,
): Promise<{ readonly provider: ShownProvider; readonly replaced: boolean }> {
  const { sealed, ...shown } = sealProvider(id, provider, keyring);
  const [row] = await asProjectOwner(database, id, (tx) =>
    tx.query<{ replaced: boolean }>(
      `select set_provider($1::text, $2::text, $3::text, $4::text, decode($5, 'hex'), $6::text[], $7::jsonb)
        as replaced`,
      [
        shown.name,
        shown.kind,
        shown.issuer,
        shown.client_id,
        sealed,
        shown.scopes,
        JSON.stringify(shown.options),
      ],
    ),
  );
  return { provider: shown, replaced: row?.replaced === true };
}

/**
 * Takes a provider away. Identities of it stay, and sign in again when it comes back.
 *
 * @returns whether there was one
 * @throws AuthError project_not_found
 */
export async function removeProvider(
  database: Database,
  id: string,
  name: string,
): Promise<boolean> {
  const [row] = await asProjectOwner(database, id, (tx) =>
    tx.query<{ removed: boolean }>("select remove_provider($1::text) as removed", [name]),
  );
  return row?.removed === true;
}

/**
 * The providers of a project, the oldest first.
 *
 * @throws AuthError project_not_found
 */
export async function listProviders(database: Database, id: string): Promise<ShownProvider[]> {
  const stored = await storedProviders(database, id);
  return stored.map(({ sealed: _, ...shown }) => shown);
}

/**
 * One provider with its secret, to try it.
 *
 * @throws AuthError project_not_found, validation_failed when there is none of this name or the keyring
 * does not open its secret
 */
export async function openProvider(
  database: Database,
  id: string,
  name: string,
  keyring: Keyring,
): Promise<{ readonly provider: ProviderConfiguration; readonly clientSecret: string }> {
  const stored = await storedProviders(database, id);
  const provider = stored.find((one) => one.name === name);
  if (!provider) {
    throw new AuthError("validation_failed", { message: `${id} has no provider ${name}` });
  }
  try {
    const sealed = Buffer.from(provider.sealed, "hex");
    return {
      provider,
      clientSecret: secretBox(keyring, id).open(sealed, providerSecretUse(provider)),
    };
  } catch (cause) {
    throw new AuthError("validation_failed", {
      message: `This MIOSA_AUTH_KEY does not open the client secret of ${name} of ${id}`,
      cause,
    });
  }
}

function storedProviders(database: Database, id: string): Promise<ProviderConfiguration[]> {
  return asProjectOwner(database, id, async (tx) => {
    const [row] = await tx.query<{ value: ProviderConfiguration[] }>(
      "select list_providers() as value",
    );
    return row?.value ?? [];
  });
}

function sealProvider(id: string, given: NewProvider, keyring: Keyring): ProviderConfiguration {
  const { kind, name = kind, clientId, clientSecret, scopes = [] } = given;
  const options: ProviderOptions = Object.fromEntries(
    Object.entries(given.options ?? {}).filter(([, value]) => value !== undefined),
  );
  const issuer = given.issuer ?? issuerOfOAuth2(kind, options);
  requireProviderName(name);
  requireKindOptions(kind, issuer, options);
  requireOptionValues(issuer, options);
  requireClient(clientId, clientSecret, scopes);
  if (kind === "apple") requireSigningKey(clientSecret);
  const reached = { name, kind, issuer, client_id: clientId, scopes, options: { ...options } };
  const sealed = secretBox(keyring, id).seal(clientSecret, providerSecretUse(reached));
  return { ...reached, sealed: sealed.toString("hex") };
}

// Such a provider has no name for itself, and its subjects are told from others' by their issuer: with
// the path, since one host may serve several that count their users alike.
function issuerOfOAuth2(kind: string, { authorization_url: url }: ProviderOptions): string | null {
  if (kind !== "oauth2" || url === undefined || !URL.canParse(url)) return null;
  const { origin, pathname } = new URL(url);
  return origin + (pathname === "/" ? "" : pathname);
}

// Apple's client secret is a token that this key signs anew for each call.
function requireSigningKey(pem: string): void {
  let curve: string | undefined;
  try {
    curve = createPrivateKey(pem).asymmetricKeyDetails?.namedCurve;
  } catch (cause) {
    throw notSigningKey(cause);
  }
  if (curve !== "prime256v1") throw notSigningKey();
}

function notSigningKey(cause?: unknown): AuthError {
  return new AuthError("validation_failed", {
    message: "Apple's client secret is the .p8 file of a key: a private key for ES256 in PEM",
    cause,
  });
}
