import { AuthError } from "../errors.ts";
import { canonicalWebUrl } from "./redirect_rule.ts";

/** What an operator says of a provider besides its name, kind and client. */
export interface ProviderOptions {
  /** The directory of a Microsoft provider: its id, `common`, `organizations` or `consumers`. */
  readonly tenant?: string;
  /** Client ids of native apps, whose ID tokens are accepted like the client's own. */
  readonly audiences?: readonly string[];
  /** Believe addresses that the provider does not say it has verified. */
  readonly trust_email?: boolean;
  readonly token_endpoint_auth_method?: "client_secret_basic" | "client_secret_post";
  readonly authorization_url?: string;
  readonly token_url?: string;
  /** Where a provider of kind oauth2 says who the holder of an access token is. */
  readonly user_url?: string;
  /** Of a GitHub Enterprise Server. */
  readonly api_url?: string;
  /** What the user endpoint calls the user's lasting id; `sub` by default. */
  readonly subject_field?: string;
  readonly email_field?: string;
  readonly email_verified_field?: string;
  readonly name_field?: string;
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

const forAll = ["issuer", "audiences", "trust_email", "token_endpoint_auth_method"];
const urls = ["authorization_url", "token_url", "user_url", "api_url"] as const;
const fields = ["subject_field", "email_field", "email_verified_field", "name_field"] as const;

/** What each kind asks of an operator; a preset that is not here is asked nothing. */
const kindRules: Readonly<Record<string, KindRule>> = {
  google: { needs: [], takes: [] },
  github: { needs: [], takes: ["api_url"] },
  apple: { needs: ["team_id", "key_id"], takes: [] },
  microsoft: { needs: [], takes: ["tenant"] },
  gitlab: { needs: [], takes: [] },
  oidc: { needs: ["issuer"], takes: [] },
  oauth2: { needs: ["authorization_url", "token_url", "user_url"], takes: fields },
};

/** The kinds of providers that a release brings. */
export const providerKinds = Object.keys(kindRules);

const names = /^[a-z][a-z0-9_-]{0,39}$/;
const reservedNames = ["email", "phone", "anonymous", "anonymous_users"];
// A scope-token of RFC 6749, section 3.3.
const scope = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;
const identifier = /^[\x21-\x7e]{1,512}$/;
const appleId = /^[A-Z0-9]{10}$/;
const tenantId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const manyTenants = ["common", "organizations"];
const fieldName = /^[A-Za-z0-9_.:/-]{1,100}$/;
const clientMethods = ["client_secret_basic", "client_secret_post"];
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
  if (kind === "microsoft") requireTenant({ tenant: "common", ...options });
}

/** @throws AuthError validation_failed */
export function requireClient(clientId: string, secret: string, scopes: readonly string[]): void {
  if (!identifier.test(clientId)) {
    throw refused("A client id is 1 to 512 printable characters without spaces");
  }
  if (secret.length > 8192 || secret.includes("\0") || !secret.isWellFormed()) {
    throw refused("A client secret is a text of at most 8192 characters");
  }
  if (scopes.length > 50 || !scopes.every((one) => scope.test(one))) {
    throw refused("Scopes are at most 50 words without spaces or quotes");
  }
}

/** @throws AuthError validation_failed */
export function requireOptionValues(issuer: string | null, options: ProviderOptions): void {
  if (issuer !== null) requireUrl("issuer", issuer);
  if (issuer?.includes("?")) throw refused("An issuer has no query");
  for (const name of urls) {
    const url = options[name];
    if (url !== undefined) requireUrl(name, url);
  }
  for (const name of fields) {
    const field = options[name];
    if (field !== undefined && !fieldName.test(field)) {
      throw refused(`The ${inWords(name)} is the name of a field such as email_address`);
    }
  }
  requireAudiences(options.audiences ?? []);
  const { team_id: team, key_id: key, token_endpoint_auth_method: method } = options;
  if ([team, key].some((id) => id !== undefined && !appleId.test(id))) {
    throw refused("Apple's ids of teams and keys are ten capital letters and digits");
  }
  if (method !== undefined && !clientMethods.includes(method)) {
    throw refused(`A secret is shown by ${clientMethods.join(" or ")}`);
  }
}

function requireAudiences(audiences: readonly string[]): void {
  if (audiences.length <= 20 && audiences.every((one) => identifier.test(one))) return;
  throw refused("Audiences are at most 20 client ids without spaces");
}

function requireTenant({ tenant, trust_email: isTrusted }: ProviderOptions): void {
  if (tenant === undefined || tenant === "consumers" || tenantId.test(tenant)) return;
  if (!manyTenants.includes(tenant)) {
    throw refused(
      "A tenant is the id of a directory, such as 8eaef023-2b34-4da1-9baa-8bc8c9d6a490, or consumers, organizations or common",
    );
  }
  if (isTrusted) {
    throw refused(
      `Under ${tenant} the administrator of any directory writes addresses; trust those of one directory, by its id`,
    );
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
