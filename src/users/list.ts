import type { Database } from "../database/database.ts";
import type { UserJson } from "../database/functions.ts";
import { AuthError } from "../errors.ts";
import { callAsOwner } from "./call.ts";

export interface ListOptions {
  /** Users a page, from 1 to 1,000; 50 by default. */
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly after?: string;
  /** A part of the address; upper and lower case of ASCII letters are one. */
  readonly filter?: string;
}

export interface UserPage {
  readonly users: readonly UserJson[];
  /** Gives the next page, or null where this is the last one. */
  readonly next: string | null;
}

const largestPage = 1_000;
const cursor =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/**
 * A page of a project's users, newest first.
 *
 * @throws AuthError project_not_found, validation_failed
 */
export async function listUsers(
  database: Database,
  projectId: string,
  { limit = 50, after, filter }: ListOptions = {},
): Promise<UserPage> {
  if (!Number.isInteger(limit) || limit < 1 || limit > largestPage) {
    throw new AuthError("validation_failed", { message: `A page has 1 to ${largestPage} users` });
  }
  const start = readCursor(after);
  // One more than asked for tells whether there is another page.
  const { users } = await callAsOwner<{ users: UserJson[] }>(
    database,
    projectId,
    "admin_list_users($1::integer, $2::timestamptz, $3::uuid, $4::text)",
    [limit + 1, start.createdAt, start.id, filter ?? null],
  );
  const page = users.slice(0, limit);
  const last = page.at(-1);
  return {
    users: page,
    next: users.length > limit && last ? `${last.created_at}_${last.id}` : null,
  };
}

function readCursor(after: string | undefined): { createdAt: string | null; id: string | null } {
  if (after === undefined) return { createdAt: null, id: null };
  const [, createdAt, id] = cursor.exec(after) ?? [];
  if (!createdAt || !id || Number.isNaN(Date.parse(createdAt))) {
    throw new AuthError("validation_failed", {
      message: "A page starts after the `next` of the page before",
    });
  }
  return { createdAt, id };
}
