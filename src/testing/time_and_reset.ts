import type { Database, Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";

/** Moves the times of a session and its refresh tokens into the past. */
export async function ageSession(
  database: Database,
  projectId: string,
  sessionId: string,
  interval: string,
): Promise<void> {
  await inProject(database, projectId, async (tx) => {
    await tx.query(
      `update sessions set created_at = created_at - $2::interval, refreshed_at = refreshed_at - $2::interval
       where id = $1`,
      [sessionId, interval],
    );
    await tx.query(
      `update refresh_tokens set created_at = created_at - $2::interval, used_at = used_at - $2::interval
       where session_id = $1`,
      [sessionId, interval],
    );
  });
}

/** Removes all users, what was counted and recorded of them, and mail that waits. */
export async function deleteUsers(database: Database, projectId: string): Promise<void> {
  await inProject(database, projectId, async (tx) => {
    await tx.script(`
      delete from users;
      delete from guess_budgets;
      delete from login_attempts;
      delete from request_rates;
      delete from mail_budgets;
      delete from audit_log`);
    await tx.query("delete from miosa_auth.outbox where project_id = $1", [projectId]);
  });
}

function inProject<T>(
  database: Database,
  projectId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.script(`set local search_path = ${quoteIdentifier(projectId)}, pg_temp`);
    return work(tx);
  });
}
