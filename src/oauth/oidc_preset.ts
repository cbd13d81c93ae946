import type { JWTPayload } from "jose";
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  None,
  processUserInfoResponse,
  userInfoRequest,
} from "oauth4webapi";
import { unreachable, unusable } from "./failures.ts";
import { type IdTokenRules, verifyIdToken } from "./id_token.ts";
import type { Evidence, Person, Preset } from "./preset.ts";
import { isOptionSet, type Provider, textOption } from "./provider.ts";

/** In what a provider with ID tokens differs from OpenID Connect as it is written. */
export interface OidcTraits {
  readonly label?: string;
  readonly scopes?: readonly string[];
  readonly parameters?: Readonly<Record<string, string>>;
  issuer(provider: Provider): string;
  /** What its metadata call it, where that is not the issuer. */
  metadataIssuer?(provider: Provider): string;
  tenantIssuer?(provider: Provider, claims: JWTPayload): string | null;
  isEmailVerified?(provider: Provider, claims: JWTPayload): boolean;
  clientSecret?(provider: Provider): Promise<string>;
}

/** A preset for a provider that signs ID tokens and publishes its metadata. */
export function oidcPreset(traits: OidcTraits): Preset {
  const idTokens: IdTokenRules = {
    issuer: traits.issuer,
    ...(traits.tenantIssuer ? { tenantIssuer: traits.tenantIssuer } : {}),
    isEmailVerified: traits.isEmailVerified ?? isEmailVerified,
  };
  return {
    ...(traits.label ? { label: traits.label } : {}),
    scopes: traits.scopes ?? ["openid", "email", "profile"],
    ...(traits.parameters ? { parameters: traits.parameters } : {}),
    idTokens,
    server: (provider, remote) =>
      remote
        .discover(traits.issuer(provider), traits.metadataIssuer?.(provider))
        .catch((error: unknown) => {
          throw unreachable(provider, "its metadata", error);
        }),
    clientAuthentication: async (provider, server) =>
      clientSecret(
        (await traits.clientSecret?.(provider)) ?? provider.secret,
        textOption(provider, "token_endpoint_auth_method"),
        server.token_endpoint_auth_methods_supported,
      ),
    person: (evidence) => personOf(evidence, idTokens),
  };
}

/** A boolean, and nothing that looks like one; or the operator vouches for a provider without it. */
export function isEmailVerified(provider: Provider, { email_verified: claim }: JWTPayload) {
  return claim === true || (claim === undefined && isOptionSet(provider, "trust_email"));
}

/** How a client shows its secret (RFC 6749 section 2.3.1). */
export function clientSecret(
  secret: string,
  chosen: string | null,
  supported: readonly string[] | undefined,
): ClientAuth {
  if (secret === "") return None();
  const isPost = chosen
    ? chosen === "client_secret_post"
    : supported?.includes("client_secret_post") === true;
  return isPost ? ClientSecretPost(secret) : ClientSecretBasic(secret);
}

/** Who the claims of a verified ID token speak of. */
export function personOfClaims(
  provider: Provider,
  rules: IdTokenRules,
  claims: JWTPayload & { readonly sub: string; readonly iss: string },
): Person {
  const { iss: issuer, sub: subject } = claims;
  return {
    issuer,
    subject,
    email: textOf(claims.email),
    isEmailVerified: rules.isEmailVerified(provider, claims),
    profile: {
      name: textOf(claims.name),
      userName: textOf(claims.preferred_username),
      picture: textOf(claims.picture),
    },
  };
}

async function personOf(evidence: Evidence, rules: IdTokenRules): Promise<Person> {
  const { provider, server, nonce, accessToken, code, idToken } = evidence;
  if (idToken === null) throw unusable();
  const claims = await verifyIdToken(
    idToken,
    { ...evidence, rules },
    { audiences: [], nonce, accessToken, code },
  );
  const isComplete = claims.email !== undefined || !server.userinfo_endpoint;
  const more = isComplete ? {} : await userInfo(evidence, claims.sub);
  return personOfClaims(provider, rules, { ...more, ...claims });
}

// Some say an address here alone (OpenID Connect Core 1.0 section 5.3).
async function userInfo({ provider, server, remote, accessToken }: Evidence, subject: string) {
  const client = { client_id: provider.clientId };
  const reply = await userInfoRequest(server, client, accessToken, {
    [customFetch]: remote.fetch,
    // Which URLs are plain is for the fetch to judge.
    [allowInsecureRequests]: true,
  }).catch((error: unknown) => {
    throw unreachable(provider, "its user endpoint", error);
  });
  try {
    return await processUserInfoResponse(server, client, subject, reply);
  } catch (error) {
    throw unusable(error);
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
