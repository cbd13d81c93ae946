import { boolean, bytea, inet, integer, jsonb, text, uuid } from "./arguments.ts";
import type { Argument, Database } from "./database.ts";
import { identityFunctions } from "./identity_functions.ts";
import { mailFunctions } from "./mail_functions.ts";
import type {
  Caller,
  Client,
  Configuration,
  Grant,
  GrantedClaims,
  MailConfiguration,
  MailOffer,
  PrunePosition,
  PruneStep,
  Result,
  Salt,
  SessionJson,
  UserJson,
} from "./results.ts";

export type * from "./results.ts";

export type ProjectFunctions = ReturnType<typeof projectFunctions>;

/** One typed call per SQL function of a project that the runtime may execute. */
export function projectFunctions(database: Database, schema: string) {
  const call = <T>(name: string, ...args: Argument[]) => database.call<T>({ schema, name, args });

  return {
    ...mailFunctions(call),
    ...identityFunctions(call),

    configuration: () => call<Configuration>("configuration"),

    mailConfiguration: () => call<MailConfiguration>("mail_configuration"),

    startTokenLife: (tokenHash: Uint8Array) =>
      database.call<boolean>({
        schema,
        name: "start_token_life",
        args: [bytea(tokenHash)],
        isScalar: true,
      }),

    signup: (p: {
      email: string;
      emailAsTyped: string;
      passwordHash: string;
      userMetadata: object | null;
      tokenHash: Uint8Array;
      mail: MailOffer | null;
      client: Client;
    }) =>
      call<Result<{ user: UserJson; claims?: GrantedClaims }>>(
        "signup",
        text(p.email),
        text(p.emailAsTyped),
        text(p.passwordHash),
        jsonb(p.userMetadata),
        bytea(p.tokenHash),
        jsonb(p.mail),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    passwordSalt: (p: { email: string; client: Client }) =>
      call<Result<Salt>>("password_salt", text(p.email), inet(p.client.address)),

    returnAttempt: (attempt: string) =>
      call<Result<{ returned: boolean }>>("return_attempt", uuid(attempt)),

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
      database.call<Result<Grant & { recovered: string | null }>>({
        ...{ schema, name: "refresh" },
        args: [
          bytea(p.tokenHash),
          bytea(p.childHash),
          bytea(p.childWrapped),
          inet(p.client.address),
          text(p.client.userAgent),
        ],
        // Who has given up may have asked again, and a refresh that comes after that one's child was used
        // looks like a thief's.
        isAbandoned: p.client.hasLeft,
      }),

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
      emailAsTyped: string | null;
      userMetadata: object | null;
      passwordHash: string | null;
      attempt: string | null;
      currentProof: Uint8Array | null;
      newProof: Uint8Array | null;
      /** The MACs that the reauthentication mail's code may be stored under, in hex. */
      nonceMacs: readonly string[] | null;
      mail: { new: MailOffer; current: MailOffer } | null;
      client: Client;
    }) =>
      call<Result<{ user: UserJson }>>(
        "update_user",
        uuid(p.caller.sessionId),
        uuid(p.caller.userId),
        text(p.email),
        text(p.emailAsTyped),
        jsonb(p.userMetadata),
        text(p.passwordHash),
        uuid(p.attempt),
        bytea(p.currentProof),
        bytea(p.newProof),
        jsonb(p.nonceMacs),
        jsonb(p.mail),
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

    prune: (limit: number, from: PrunePosition | null) =>
      call<PruneStep>("prune", integer(limit), jsonb(from)),
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

    claimPruning: () =>
      database.call<string | null>({
        schema: "miosa_auth",
        name: "claim_pruning",
        args: [],
        isScalar: true,
      }),
  };
}
