import type { Database } from "../database/database.ts";
import type { SessionJson, UserJson } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { callAboutUser } from "./call.ts";

const longestBan = 100 * 366 * 24 * 3_600;

/**
 * A user by id or address.
 *
 * @throws AuthError project_not_found, user_not_found, validation_failed
 */
export async function showUser(database: Database, projectId: string, who: string) {
  const call = "admin_get_user($1::text)";
  const { user } = await callAboutUser<{ user: UserJson }>(database, projectId, call, who);
  return user;
}

/**
 * Bans a user for some seconds, or for ever. It bites in the next call of each of the user's
 * sessions; an access token that is out verifies where an app does so itself, until it expires.
 *
 * @throws AuthError project_not_found, user_not_found, validation_failed
 */
export async function banUser(
  database: Database,
  projectId: string,
  who: string,
  seconds: number | "forever",
): Promise<UserJson> {
  const time = seconds === "forever" ? longestBan : seconds;
  if (!Number.isInteger(time) || time < 1 || time > longestBan) {
    throw new AuthError("validation_failed", { message: "A ban is from a second to 100 years" });
  }
  return setBan(database, projectId, who, time);
}

/**
 * Lifts a ban; sessions of before count again.
 *
 * @throws AuthError project_not_found, user_not_found, validation_failed
 */
export function unbanUser(database: Database, projectId: string, who: string): Promise<UserJson> {
  return setBan(database, projectId, who, null);
}

async function setBan(database: Database, projectId: string, who: string, seconds: number | null) {
  const call = "admin_ban_user($1::text, $2::bigint)";
  const { user } = await callAboutUser<{ user: UserJson }>(database, projectId, call, who, seconds);
  return user;
}

/**
 * Deletes a user with all its sessions, identities and tokens.
 *
 * @returns the id it had
 * @throws AuthError project_not_found, user_not_found, validation_failed
 */
export async function deleteUser(
  database: Database,
  projectId: string,
  who: string,
): Promise<string> {
  const call = "admin_delete_user($1::text)";
  const { user_id } = await callAboutUser<{ user_id: string }>(database, projectId, call, who);
  return user_id;
}

/** A live session, as an administrator sees it. */
export type UserSession = Omit<SessionJson, "current">;

/**
 * The live sessions of a user, newest first.
 *
 * @throws AuthError project_not_found, user_not_found, validation_failed
 */
export async function listUserSessions(
  database: Database,
  projectId: string,
  who: string,
): Promise<UserSession[]> {
  const { sessions } = await callAboutUser<{ sessions: SessionJson[] }>(
    database,
    projectId,
    "admin_list_sessions($1::text)",
    who,
  );
  return sessions.map(({ current: _, ...session }) => session);
}

/**
 * Signs a user out everywhere.
 *
 * @returns how many sessions ended
 * @throws AuthError project_not_found, user_not_found, validation_failed
 */
export async function revokeUserSessions(
  database: Database,
  projectId: string,
  who: string,
): Promise<number> {
  const call = "admin_revoke_sessions($1::text)";
  const { revoked } = await callAboutUser<{ revoked: number }>(database, projectId, call, who);
  return revoked;
}
