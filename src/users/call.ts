import type { Database } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { accepted } from "../database/outcomes.ts";
import { canonicalEmail } from "../emails/canonical.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "../projects/registry.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

type Answer<T> = { readonly outcome: string } | ({ readonly outcome: null } & T);

/**
 * Calls a function of a project as its owner, for an administrator. A refusal that it returns is
 * thrown after the commit, so whatever it recorded stays.
 *
 * @throws AuthError project_not_found, and what the function returns
 */
export async function callAsOwner<T>(
  database: Database,
  projectId: string,
  call: string,
  params: readonly unknown[],
): Promise<T> {
  const answer = await run<Answer<T>>(database, projectId, call, params);
  if (!answer) throw new AuthError("unexpected_failure");
  return accepted<{ outcome: null } & T>(answer);
}

async function run<T>(
  database: Database,
  projectId: string,
  call: string,
  params: readonly unknown[],
): Promise<T | undefined> {
  try {
    return await asProjectOwner(database, projectId, async (tx) => {
      const [row] = await tx.query<{ value: T }>(`select ${call} as value`, params);
      return row?.value;
    });
  } catch (error) {
    // Class 22: a text with U+0000, a day that is none.
    if (!(error instanceof DatabaseError) || !error.sqlstate?.startsWith("22")) throw error;
    throw new AuthError("validation_failed", { message: "A value cannot be one", cause: error });
  }
}

/** {@link callAsOwner} about one user; `who` is its id or address. */
export async function callAboutUser<T>(
  database: Database,
  projectId: string,
  call: string,
  who: string,
  ...params: readonly unknown[]
): Promise<T> {
  const key = uuid.test(who.toLowerCase()) ? who.toLowerCase() : canonicalEmail(who);
  if (key === null) {
    throw new AuthError("validation_failed", {
      message: "A user is named by its id or its address",
    });
  }
  try {
    return await callAsOwner<T>(database, projectId, call, [key, ...params]);
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== "user_not_found") throw error;
    throw new AuthError("user_not_found", {
      status: 404,
      message: `There is no such user in ${projectId}`,
    });
  }
}
