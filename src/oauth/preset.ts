import type { AuthorizationServer, ClientAuth } from "oauth4webapi";
import type { IdTokenRules } from "./id_token.ts";
import type { Provider } from "./provider.ts";
import type { Remote } from "./remote.ts";

/** Who a provider says somebody is. */
export interface Person {
  readonly issuer: string;
  /** The issuer's own name for it, which never comes to mean somebody else. */
  readonly subject: string;
  readonly email: string | null;
  /** Whether the provider has verified the address and is believed. */
  readonly isEmailVerified: boolean;
  readonly profile: Profile;
}

/** The provider's word, as far as clients are shown it. */
export interface Profile {
  readonly name: string | null;
  readonly userName: string | null;
  readonly picture: string | null;
}

/** What an exchange of a code has brought. */
export interface Evidence {
  readonly provider: Provider;
  readonly server: AuthorizationServer;
  readonly remote: Remote;
  readonly accessToken: string;
  readonly idToken: string | null;
  readonly code: string;
  readonly nonce: string;
}

/** One kind of provider: all that the flow must know of it. */
export interface Preset {
  /** How people know it; without, they are shown what the project calls it. */
  readonly label?: string;
  /** Asked for where the operator names none. */
  readonly scopes: readonly string[];
  /** Of the authorization request, besides those of every provider. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Of providers that sign ID tokens. */
  readonly idTokens?: IdTokenRules;
  /** @throws AuthError service_unavailable, unexpected_failure */
  server(provider: Provider, remote: Remote): Promise<AuthorizationServer>;
  clientAuthentication(provider: Provider, server: AuthorizationServer): Promise<ClientAuth>;
  /** @throws AuthError bad_oauth_callback, service_unavailable */
  person(evidence: Evidence): Promise<Person>;
}
