import type { Grant, UserJson } from "../database/functions.ts";
import { signAccessToken } from "./access_token.ts";
import type { KeySet } from "./keys.ts";
import type { RefreshToken } from "./refresh_token.ts";

/** The reply of every call that issues tokens. */
export interface SessionReply {
  readonly access_token: string;
  readonly token_type: "bearer";
  /** Seconds. */
  readonly expires_in: number;
  /** Seconds since the epoch, by the database's clock. */
  readonly expires_at: number;
  readonly refresh_token: string;
  readonly user: UserJson;
  /** Of the identity provider; once, after a sign-in there. */
  readonly provider_token?: string;
  readonly provider_refresh_token?: string;
}

/** Who issues: the AUTH_URL and the keys of a project. */
export interface TokenIssuer {
  readonly authUrl: string;
  readonly keys: KeySet;
}

/** Turns what SQL granted into the tokens a client is given. */
export async function issueSession(
  issuer: TokenIssuer,
  grant: Grant,
  refreshToken: RefreshToken,
): Promise<SessionReply> {
  const { claims, user } = grant;
  return {
    access_token: await signAccessToken(issuer.keys, issuer.authUrl, claims),
    token_type: "bearer",
    expires_in: claims.exp - claims.iat,
    expires_at: claims.exp,
    refresh_token: refreshToken.text,
    user,
  };
}
