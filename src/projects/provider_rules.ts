import { AuthError } from "../errors.ts";
import { canonicalWebUrl } from "./redirect_rule.ts";

/** What an operator says of a provider besides its name, kind and client. */
export interface ProviderOptions {
  /** The directory of a Microsoft provider: its id, or `consumers` for personal accounts. */
  readonly tenant?: string;
  /** Client ids of native apps, whose ID tokens are accepted like the client's own. */
  readonly audiences?: readonly string[];
  /** Believe addresses that the provider does not say it has verified. */
  readonly trust_email?: boolean;
  readonly authorization_url?: string;
  readonly token_url?: string;
  readonly userinfo_url?: string;
  /** Apple's name for the developer team. */
  readonly team_id?: string;
  /** Apple's name for the key that is the client secret. */
  readonly key_id?: string;
}

interface KindRule {
  /** What must be said, `issuer` or an option. */
  readonly needs: readonly string[];
  /** What may be said besides what every kind takes. */
  readonly takes: readonly string[];
}

const forAll = ["audiences", "trust_email"];
const endpoints = ["authorization_url", "token_url", "userinfo_url"];

/** What each kind asks of an operator; a preset that is not here is asked nothing. */
const kindRules: Readonly<Record<string, KindRule>> = {
  google: { needs: [], takes: [] },
  github: { needs: [], takes: [] },
  apple: { needs: ["team_id", "key_id"], takes: [] },
  microsoft: { needs: ["tenant"], takes: [] },
  gitlab: { needs: [], takes: ["issuer"] },
  oidc: { needs: ["issuer"], takes: [] },
  oauth2: { needs: endpoints, takes: ["issuer"] },
};

/** The kinds of providers that a release brings. */
export const providerKinds = Object.keys(kindRules);

const names = /^[a-z][a-z0-9_-]{0,39}$/;
const reservedNames = ["email", "phone", "anonymous", "anonymous_users"];
// A scope-token of RFC 6749, section 3.3.
const scope = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;
const identifier = /^[\x21-\x7e]{1,512}$/;
const appleId = /^[A-Z0-9]{10}$/;
const tenantId = /^(consumers|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** @throws AuthError validation_failed */
export function requireProviderName(name: string): void {
  if (names.test(name) && !reservedNames.includes(name)) return;
  throw refused(
    `A provider's name is at most 40 of a-z, 0-9, _ and -, a letter first, and none of ${reservedNames.join(", ")}`,
  );
}

/** @throws AuthError validation_failed */
export function requireKindOptions(
  kind: string,
  issuer: string | null,
  options: ProviderOptions,
): void {
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(kind)) throw refused("There is no such kind of provider");
  const rule = kindRules[kind];
  if (!rule) return;
  const said = [...(issuer === null ? [] : ["issuer"]), ...Object.keys(options)];
  const missing = rule.needs.find((option) => !said.includes(option));
  if (missing) throw refused(`A provider of kind ${kind} needs ${inWords(missing)}`);
  const known = [...rule.needs, ...rule.takes, ...forAll];
  const extra = said.find((option) => !known.includes(option));
  if (extra) throw refused(`A provider of kind ${kind} takes no ${inWords(extra)}`);
}

/** @throws AuthError validation_failed */
export function requireClient(clientId: string, secret: string, scopes: readonly string[]): void {
  if (!identifier.test(clientId)) {
    throw refused("A client id is 1 to 512 printable characters without spaces");
  }
  if (secret === "" || secret.length > 8192 || secret.includes("\0") || !secret.isWellFormed()) {
    throw refused("A client secret is a text of 1 to 8192 characters");
  }
  if (scopes.length > 50 || !scopes.every((one) => scope.test(one))) {
    throw refused("Scopes are at most 50 words without spaces or quotes");
  }
}

/** @throws AuthError validation_failed */
export function requireOptionValues(issuer: string | null, options: ProviderOptions): void {
  const { tenant, audiences = [], team_id: team, key_id: key } = options;
  if (issuer !== null) requireUrl("issuer", issuer);
  for (const name of endpoints) {
    const url = options[name as keyof ProviderOptions];
    if (url !== undefined) requireUrl(name, String(url));
  }
  if (issuer?.includes("?")) throw refused("An issuer has no query");
  const { authorization_url: authorization } = options;
  // Otherwise it could speak of the subjects of a provider that it is not.
  if (issuer && authorization && new URL(issuer).origin !== new URL(authorization).origin) {
    throw refused("The issuer of a provider of kind oauth2 is where its authorization URL is");
  }
  if (audiences.length > 20 || !audiences.every((one) => identifier.test(one))) {
    throw refused("Audiences are at most 20 client ids without spaces");
  }
  if (tenant !== undefined && !tenantId.test(tenant)) {
    throw refused(
      "A tenant is the id of a directory, such as 8eaef023-2b34-4da1-9baa-8bc8c9d6a490, or consumers; `common` and `organizations` let the administrators of any directory say who somebody is",
    );
  }
  if ([team, key].some((id) => id !== undefined && !appleId.test(id))) {
    throw refused("Apple's ids of teams and keys are ten capital letters and digits");
  }
}

/**
 * A provider's URL is https, so that nobody between changes what it says; http is for providers on this
 * machine.
 */
function requireUrl(name: string, text: string): void {
  const url = canonicalWebUrl(text);
  const isSafe = url?.protocol === "https:" || (url && loopback.test(url.hostname));
  if (isSafe && url.hash === "") return;
  throw refused(
    `The ${inWords(name)} is an https URL as a browser writes it, without a fragment; http only on the loopback interface`,
  );
}

function inWords(option: string): string {
  return option
    .replaceAll("_", " ")
    .replace(/\burl$/, "URL")
    .replace(/\bid$/, "ID");
}

function refused(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}
