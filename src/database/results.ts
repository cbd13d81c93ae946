/** Claims of an access token as SQL decides them; the HTTP layer adds `iss` and `jti`. */
export interface GrantedClaims {
  readonly sub: string;
  readonly aud: string;
  readonly role: string;
  readonly session_id: string;
  readonly aal: string;
  readonly amr: readonly { method: string; timestamp: number }[];
  readonly email: string;
  readonly phone: string;
  readonly is_anonymous: boolean;
  readonly app_metadata: Metadata;
  readonly user_metadata: Metadata;
  readonly iat: number;
  readonly exp: number;
  readonly db_mac: string;
}

type Metadata = Record<string, unknown>;

/** An identity as clients see it (wire format). */
export interface IdentityJson {
  identity_id: string;
  id: string;
  user_id: string;
  identity_data: Metadata;
  provider: string;
  email?: string;
  last_sign_in_at: string | null;
  created_at: string;
  updated_at: string;
}

/** A user as clients see it (wire format); times are RFC 3339 in UTC. */
export interface UserJson {
  id: string;
  aud: string;
  role: string;
  email: string;
  phone: string;
  app_metadata: Metadata;
  user_metadata: Metadata;
  identities: IdentityJson[];
  is_anonymous: boolean;
  created_at: string;
  updated_at: string;
  email_confirmed_at?: string;
  confirmed_at?: string;
  confirmation_sent_at?: string;
  recovery_sent_at?: string;
  reauthentication_sent_at?: string;
  new_email?: string;
  email_change_sent_at?: string;
  invited_at?: string;
  last_sign_in_at?: string;
  banned_until?: string;
}

/** What a function returns instead of its result, when the refusal must be remembered. */
export interface Refusal {
  readonly outcome: string;
  readonly retry_after?: number;
}

/** A refusal, or a result with `outcome` null. */
export type Result<T> = Refusal | ({ readonly outcome: null } & T);

export interface Grant {
  readonly claims: GrantedClaims;
  readonly user: UserJson;
}

/**
 * What a mailed token was worth: a session, an authorization code for a client that asked with a PKCE
 * challenge, or one of the two proofs of a change of address.
 */
export type Redeemed = {
  readonly claims?: GrantedClaims;
  readonly user?: UserJson;
  readonly code?: true;
  readonly half_done?: true;
};

/** A provider of a project, as it is stored. */
export interface ProviderConfiguration {
  readonly name: string;
  /** The preset that knows the rest. */
  readonly kind: string;
  /** Of an OIDC provider. */
  readonly issuer: string | null;
  readonly client_id: string;
  /** The client secret, sealed; hex. */
  readonly sealed: string;
  readonly scopes: readonly string[];
  readonly options: Metadata;
}

/** What a provider has proved of somebody. */
export interface ProvedIdentity {
  /** The name under which the project keeps the provider. */
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  /** Canonical; null unless the provider has verified it and is believed. */
  readonly email: string | null;
  /** The provider's word, for identity_data. */
  readonly data: Metadata;
  /**
   * Of an ID token that the app itself brought: SHA-256, hex, of the issuer with the nonce as it was
   * brought and as it was signed. Each is good once.
   */
  readonly nonce_hashes?: readonly string[];
  /** The app itself brought it, and no browser's flow was counted. */
  readonly is_direct?: boolean;
}

/** An authorization code that waits for its exchange; bytes in hex. */
export interface CodeOffer {
  readonly hash: string;
  readonly challenge: string;
  /** The provider's own tokens, sealed. */
  readonly tokens: string | null;
}

/** A browser that came back from a provider. */
export interface OAuthFlow {
  readonly provider: string;
  readonly redirect_to: string | null;
  readonly code_challenge: string | null;
  /** What this service kept for the provider's answer, sealed; hex. */
  readonly sealed: string;
  /** Of a user who links an identity; null when somebody signs in. */
  readonly session_id: string | null;
  readonly user_id: string | null;
}

/** For whom a mailed link is. */
export interface LinkAccount {
  readonly email: string;
  /** The PKCE challenge of the client that asked for the mail. */
  readonly code_challenge: string | null;
}

/** What the HTTP layer prepares for a mail that SQL may queue; bytes in hex. */
export interface MailOffer {
  readonly token_hash: string;
  readonly code_mac: string;
  /** Sealed. */
  readonly payload: string;
  readonly code_challenge: string | null;
}

export interface Configuration {
  readonly name: string;
  readonly site_url: string;
  readonly redirect_urls: readonly string[];
  readonly cors_origins: readonly string[];
  readonly signup_enabled: boolean;
  readonly email_confirmation: "optional" | "required" | "off";
  readonly password_min_length: number;
  readonly breached_passwords: "off" | "check";
  readonly bcrypt_cost: number;
  readonly signups_per_address: number;
  readonly anonymous_users: boolean;
  readonly manual_linking: boolean;
  readonly providers: readonly { readonly name: string; readonly kind: string }[];
  readonly verify_on_get: boolean;
  readonly pages_enabled: boolean;
  /** `#rrggbb`. */
  readonly page_color: string;
  readonly language: string;
  readonly jwt_keys: readonly StoredKey[];
}

/** What whoever delivers mail must know of a project. */
export interface MailConfiguration {
  readonly name: string;
  readonly site_url: string;
  readonly language: string;
  /** `#rrggbb`. */
  readonly page_color: string;
  readonly pages_enabled: boolean;
  /** Seconds. */
  readonly code_lifetime: number;
  /** Seconds. */
  readonly link_lifetime: number;
  /** Hex, sealed; null where the project sends as its fleet does. */
  readonly transport: string | null;
  readonly templates: readonly MailTemplate[];
}

/** Words of a project's own for a mail. */
export interface MailTemplate {
  readonly purpose: string;
  readonly language: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

export interface StoredKey {
  readonly kid: string;
  readonly algorithm: "HS256" | "ES256" | "RS256";
  readonly state: "next" | "active" | "retired";
  /** Hex. */
  readonly sealed: string;
  readonly public_jwk: Record<string, unknown> | null;
}

export interface Salt {
  readonly attempt: string | null;
  readonly salt: string | null;
}

export interface SessionJson {
  readonly id: string;
  readonly created_at: string;
  readonly last_active_at: string;
  readonly user_agent: string | null;
  readonly ip: string | null;
  readonly aal: string;
  readonly current: boolean;
}

/** Who calls, as a verified access token says it. */
export interface Caller {
  readonly sessionId: string;
  readonly userId: string;
}

/** From where: recorded with sessions and events, and counted. */
export interface Client {
  readonly address: string | null;
  readonly userAgent: string | null;
  /** Whether it waits for no answer any more, where that can be known. */
  readonly hasLeft?: () => boolean;
}

/** Where to go on, by kind of row: a block of its table, or a number of its own. */
export type PrunePosition = Readonly<Record<string, number>>;

/** What one transaction of pruning came to. */
export interface PruneStep {
  /** Rows, by kind; kinds without any are left out. */
  readonly deleted: Readonly<Record<string, number>>;
  /** Null when nothing more is over. */
  readonly next: PrunePosition | null;
}
