import type { TokenClaims, VerifiedToken } from "./verify_token.ts";

/**
 * For whom queries run: a verified token; claims alone, for which only the claim readers (`uid()` and
 * its like) answer; an unverified token as text, for which only `verified_uid()` and `live_uid()` do,
 * since the database verifies it itself; or null, nobody.
 */
export type Identity = VerifiedToken | TokenClaims | string | null;

export interface IdentityOptions {
  /** The database role to take for the transaction; the connection's own without one. */
  readonly role?: string;
}

/** A statement with its parameters, as drivers and query builders take it. */
export interface IdentityStatement {
  readonly text: string;
  readonly values: string[];
}

const claimSettings = ["sub", "role", "email", "session_id", "aal"] as const;

/**
 * The statement that tells the database who asks, for the rest of the transaction it runs in. It sets
 * every setting each time, an absent one to '', so that nothing of an earlier user can be seen. Run it
 * first in a transaction of your query builder; {@link withUser} does all of it for plain drivers.
 */
export function identityStatement(
  identity: Identity,
  { role }: IdentityOptions = {},
): IdentityStatement {
  const { claims, token } = parts(identity);
  const settings: [string, string][] = [
    ["jwt.token", token],
    ["jwt.claims", claims ? JSON.stringify(claims) : ""],
    ["request.jwt.claims", ""],
    ...claimSettings.map((name): [string, string] => [`jwt.claims.${name}`, text(claims?.[name])]),
  ];
  if (role !== undefined) settings.push(["role", role]);
  const calls = settings.map(
    (_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`,
  );
  return { text: `select ${calls.join(", ")}`, values: settings.flat() };
}

function parts(identity: Identity): { claims: TokenClaims | undefined; token: string } {
  if (identity === null) return { claims: undefined, token: "" };
  if (typeof identity === "string") return { claims: undefined, token: identity };
  if (isVerified(identity)) return { claims: identity.claims, token: identity.token };
  return { claims: identity, token: "" };
}

function isVerified(identity: VerifiedToken | TokenClaims): identity is VerifiedToken {
  return typeof identity.token === "string" && typeof identity.claims === "object";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
