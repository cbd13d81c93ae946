import type { TestProject } from "../support/project.ts";
import type { FinalState } from "./invariants.ts";

/** Reads what the checker compares a history with, past the service and past every fault. */
export async function readFinalState(project: TestProject): Promise<FinalState> {
  const sessions = await project.sql<{ id: string; leaves: number }>(
    `select s.id, count(t.id) filter (where t.used_at is null)::int as leaves
     from sessions s left join refresh_tokens t on t.session_id = s.id
     where s.revoked_at is null group by s.id`,
  );
  const users = await project.sql<{ email: string; rows: number }>(
    `select lower(email) as email, count(*)::int as rows
     from users where email is not null group by lower(email)`,
  );
  const values = await project.sql<{ id: string; written: string }>(
    `select id, user_metadata ->> 'written' as written from users
     where user_metadata ? 'written'`,
  );
  return {
    leaves: new Map(sessions.map(({ id, leaves }) => [id, leaves])),
    users: new Map(users.map(({ email, rows }) => [email, rows])),
    values: new Map(values.map(({ id, written }) => [id, written])),
  };
}

/** How many sessions the third late recovery in a row has ended: SECURITY.md tells why, and its price. */
export async function countRecoveredTooOften(project: TestProject): Promise<number> {
  const [row] = await project.sql<{ sessions: number }>(
    `select count(*)::int as sessions from sessions
     where revoked_because = 'refresh_token_reuse' and late_recoveries >= 3`,
  );
  return row?.sessions ?? 0;
}
