import { bytea, inet, jsonb, text, uuid } from "./arguments.ts";
import type { Argument } from "./database.ts";
import type {
  Caller,
  Client,
  CodeOffer,
  Grant,
  OAuthFlow,
  ProvedIdentity,
  ProviderConfiguration,
  Redeemed,
  Result,
} from "./results.ts";

type Call = <T>(name: string, ...args: Argument[]) => Promise<T>;

/** The calls of a project about identity providers and those who come from them. */
export function identityFunctions(call: Call) {
  return {
    providerConfiguration: (name: string) =>
      call<ProviderConfiguration | null>("provider_configuration", text(name)),

    beginOAuthFlow: (p: {
      stateHash: Uint8Array;
      browserHash: Uint8Array;
      provider: string;
      redirectTo: string | null;
      codeChallenge: string | null;
      sealed: Uint8Array;
      /** Who links an identity; null when somebody signs in. */
      caller: Caller | null;
      client: Client;
    }) =>
      call<Result<object>>(
        "begin_oauth_flow",
        bytea(p.stateHash),
        bytea(p.browserHash),
        text(p.provider),
        text(p.redirectTo),
        text(p.codeChallenge),
        bytea(p.sealed),
        uuid(p.caller?.sessionId ?? null),
        uuid(p.caller?.userId ?? null),
        inet(p.client.address),
      ),

    takeOAuthFlow: (p: { stateHash: Uint8Array; browserHash: Uint8Array }) =>
      call<Result<OAuthFlow>>("take_oauth_flow", bytea(p.stateHash), bytea(p.browserHash)),

    signInWithIdentity: (p: {
      identity: ProvedIdentity;
      refreshHash: Uint8Array;
      code: CodeOffer | null;
      client: Client;
    }) =>
      call<Result<Redeemed>>(
        "sign_in_with_identity",
        jsonb(p.identity),
        bytea(p.refreshHash),
        jsonb(p.code),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    linkIdentity: (p: {
      caller: Caller;
      identity: ProvedIdentity;
      refreshHash: Uint8Array;
      code: CodeOffer | null;
      client: Client;
    }) =>
      call<Result<Redeemed>>(
        "link_identity",
        uuid(p.caller.sessionId),
        uuid(p.caller.userId),
        jsonb(p.identity),
        bytea(p.refreshHash),
        jsonb(p.code),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    unlinkIdentity: (p: { caller: Caller; identityId: string; client: Client }) =>
      call<Result<object>>(
        "unlink_identity",
        uuid(p.caller.sessionId),
        uuid(p.caller.userId),
        uuid(p.identityId),
        inet(p.client.address),
      ),

    signInAnonymously: (p: {
      userMetadata: object | null;
      tokenHash: Uint8Array;
      client: Client;
    }) =>
      call<Result<Grant>>(
        "sign_in_anonymously",
        jsonb(p.userMetadata),
        bytea(p.tokenHash),
        inet(p.client.address),
        text(p.client.userAgent),
      ),
  };
}
