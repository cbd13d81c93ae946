import type { Argument, Database } from "./database.ts";

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
  invited_at?: string;
  last_sign_in_at?: string;
  banned_until?: string;
}

/** What a function returns instead of its result, when the refusal must be remembered. */
export interface Refusal {
  readonly outcome: string;
  readonly retry_after?: number;
}

type Result<T> = Refusal | ({ readonly outcome: null } & T);

export interface Grant {
  readonly claims: GrantedClaims;
  readonly user: UserJson;
}

export interface Configuration {
  readonly name: string;
  readonly site_url: string;
  readonly cors_origins: readonly string[];
  readonly signup_enabled: boolean;
  readonly email_confirmation: "optional" | "required" | "off";
  readonly password_min_length: number;
  readonly bcrypt_cost: number;
  readonly signups_per_address: number;
  readonly jwt_keys: readonly StoredKey[];
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
}

export type ProjectFunctions = ReturnType<typeof projectFunctions>;

/** One typed call per SQL function of a project that the runtime may execute. */
export function projectFunctions(database: Database, schema: string) {
  const call = <T>(name: string, ...args: Argument[]) => database.call<T>({ schema, name, args });

  return {
    configuration: () => call<Configuration>("configuration"),

    signup: (p: {
      email: string;
      emailAsTyped: string;
      passwordHash: string;
      userMetadata: object | null;
      tokenHash: Uint8Array;
      client: Client;
    }) =>
      call<Result<{ user: UserJson; claims?: GrantedClaims }>>(
        "signup",
        text(p.email),
        text(p.emailAsTyped),
        text(p.passwordHash),
        jsonb(p.userMetadata),
        bytea(p.tokenHash),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    passwordSalt: (p: { email: string; client: Client }) =>
      call<Result<Salt>>("password_salt", text(p.email), inet(p.client.address)),

    login: (p: {
      attempt: string;
      email: string;
      proof: Uint8Array;
      tokenHash: Uint8Array;
      client: Client;
    }) =>
      call<Result<Grant & { renew_hash: boolean }>>(
        "login",
        uuid(p.attempt),
        text(p.email),
        bytea(p.proof),
        bytea(p.tokenHash),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    renewPasswordHash: (p: { userId: string; proof: Uint8Array; passwordHash: string }) =>
      call<Result<{ renewed: boolean }>>(
        "renew_password_hash",
        uuid(p.userId),
        bytea(p.proof),
        text(p.passwordHash),
      ),

    refresh: (p: {
      tokenHash: Uint8Array;
      childHash: Uint8Array;
      childWrapped: Uint8Array;
      client: Client;
    }) =>
      call<Result<Grant & { recovered: string | null }>>(
        "refresh",
        bytea(p.tokenHash),
        bytea(p.childHash),
        bytea(p.childWrapped),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    logout: (p: {
      sessionId: string | null;
      tokenHash: Uint8Array | null;
      scope: string;
      client: Client;
    }) =>
      call<Result<{ ended: number }>>(
        "logout",
        uuid(p.sessionId),
        bytea(p.tokenHash),
        text(p.scope),
        inet(p.client.address),
      ),

    getUser: (caller: Caller) =>
      call<Result<{ user: UserJson }>>("get_user", uuid(caller.sessionId), uuid(caller.userId)),

    ownPasswordSalt: (p: { caller: Caller; isGuess: boolean; client: Client }) =>
      call<Result<Salt>>(
        "own_password_salt",
        uuid(p.caller.sessionId),
        uuid(p.caller.userId),
        boolean(p.isGuess),
        inet(p.client.address),
      ),

    updateUser: (p: {
      caller: Caller;
      email: string | null;
      userMetadata: object | null;
      passwordHash: string | null;
      attempt: string | null;
      currentProof: Uint8Array | null;
      newProof: Uint8Array | null;
      client: Client;
    }) =>
      call<Result<{ user: UserJson }>>(
        "update_user",
        uuid(p.caller.sessionId),
        uuid(p.caller.userId),
        text(p.email),
        jsonb(p.userMetadata),
        text(p.passwordHash),
        uuid(p.attempt),
        bytea(p.currentProof),
        bytea(p.newProof),
        inet(p.client.address),
      ),

    deleteUser: (p: {
      caller: Caller;
      attempt: string | null;
      currentProof: Uint8Array | null;
      client: Client;
    }) =>
      call<Result<object>>(
        "delete_user",
        uuid(p.caller.sessionId),
        uuid(p.caller.userId),
        uuid(p.attempt),
        bytea(p.currentProof),
        inet(p.client.address),
      ),

    listSessions: (caller: Caller) =>
      call<Result<{ sessions: SessionJson[] }>>(
        "list_sessions",
        uuid(caller.sessionId),
        uuid(caller.userId),
      ),

    revokeSession: (p: { caller: Caller; target: string; client: Client }) =>
      call<Result<{ revoked: boolean }>>(
        "revoke_session",
        uuid(p.caller.sessionId),
        uuid(p.caller.userId),
        uuid(p.target),
        inet(p.client.address),
      ),
  };
}

/** The calls of the shared schema that the runtime may execute. */
export function registryFunctions(database: Database) {
  return {
    findProject: (id: string) =>
      database.call<{ id: string; state: "active" | "suspended"; release: string } | null>({
        schema: "miosa_auth",
        name: "find_project",
        args: [text(id)],
      }),
  };
}

function text(value: string | null): Argument {
  return { type: "text", value };
}

function uuid(value: string | null): Argument {
  return { type: "uuid", value };
}

function inet(value: string | null): Argument {
  return { type: "inet", value };
}

function boolean(value: boolean): Argument {
  return { type: "boolean", value };
}

function bytea(value: Uint8Array | null): Argument {
  return { type: "bytea", value };
}

function jsonb(value: object | null): Argument {
  return { type: "jsonb", value: value === null ? null : JSON.stringify(value) };
}
