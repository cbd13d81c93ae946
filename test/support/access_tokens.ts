import jwt from "jsonwebtoken";
import type { GrantedClaims } from "../../src/database/functions.ts";
import type { Query, TestProject } from "./project.ts";

/** The claims of a token, unverified. */
export function claimsOf(token: string): GrantedClaims {
  return jwt.decode(token, { json: true }) as unknown as GrantedClaims;
}

/** A token with these claims in this order, signed with a key that is none of ours. */
export function forge(claims: object): string {
  return jwt.sign(claims, "a key of the forger's own, long enough", {
    algorithm: "HS256",
    noTimestamp: true,
  });
}

/** What the project's owner, and nobody else, can compute for any claims. */
export async function macOf(
  project: TestProject,
  { sub, session_id, role, aal, exp }: GrantedClaims,
): Promise<string> {
  const [row] = await project.sql<{ mac: string }>("select db_mac($1, $2, $3, $4, $5) as mac", [
    sub,
    session_id,
    role,
    aal,
    exp,
  ]);
  return row?.mac ?? "";
}

export interface Identity {
  readonly verified: string | null;
  readonly live: string | null;
}

/** Whom a token that the caller sets is taken for. */
export async function identityOf(
  query: Query,
  { id }: TestProject,
  token: string,
): Promise<Identity> {
  await query("select set_config('jwt.token', $1, true)", [token]);
  const [row] = await query<{ verified: string | null; live: string | null }>(
    `select ${id}.verified_uid() as verified, ${id}.live_uid() as live`,
  );
  return row ?? { verified: null, live: null };
}
