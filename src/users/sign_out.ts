import type { Database } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import { patiently } from "../projects/patience.ts";
import { asProjectOwner } from "../projects/registry.ts";

export interface SignOutReport {
  /** Who had anything to end: a session, a token of a mail, or an authorization code. */
  readonly users: number;
  /** How many live sessions ended. */
  readonly sessions: number;
}

type Batch = SignOutReport & { readonly after: string | null };

const batchSize = 200;

/**
 * Signs every user of a project out: sessions, tokens and codes of mails, authorization codes and
 * sign-ins at providers under way. Two hundred users a transaction, so that nobody waits long for a
 * lock; cut off, it leaves ended what it had ended, and is run again. Access tokens that are out
 * verify where an app does so itself, until they expire.
 *
 * @throws AuthError project_not_found
 */
export async function signOutUsers(database: Database, projectId: string): Promise<SignOutReport> {
  const total = { users: 0, sessions: 0 };
  let batch: Batch = { ...total, after: null };
  let before: string | null;
  do {
    before = batch.after;
    batch = await patiently(() => signOutBatch(database, projectId, before));
    total.users += batch.users;
    total.sessions += batch.sessions;
    // A function that another took the place of could stay where it is for ever.
  } while (batch.after && (before === null || batch.after > before));
  return total;
}

function signOutBatch(database: Database, projectId: string, after: string | null): Promise<Batch> {
  return asProjectOwner(database, projectId, async (tx) => {
    const [row] = await tx.query<{ value: Batch }>(
      "select sign_out_users($1::integer, $2::uuid) as value",
      [batchSize, after],
    );
    if (!row) throw new AuthError("unexpected_failure");
    return row.value;
  });
}
