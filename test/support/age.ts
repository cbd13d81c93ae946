import { decodeJwt } from "jose";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import type { TestProject } from "./project.ts";

/** The id of a session, as its access token says it. */
export function sessionIdOf({ access_token }: SessionReply): string {
  return String(decodeJwt(access_token).session_id);
}

/** Makes a session and its refresh tokens older, as if the time had passed. `interval` as Postgres reads it. */
export async function ageSession(
  project: TestProject,
  sessionId: string,
  interval: string,
): Promise<void> {
  await project.transaction(async (query) => {
    await query(
      `update sessions set created_at = created_at - $2::interval, refreshed_at = refreshed_at - $2::interval
       where id = $1`,
      [sessionId, interval],
    );
    await query(
      `update refresh_tokens set created_at = created_at - $2::interval, used_at = used_at - $2::interval
       where session_id = $1`,
      [sessionId, interval],
    );
  });
}

/** Makes the guesses counted so far older. */
export async function ageBudgets(project: TestProject, interval: string): Promise<void> {
  await project.sql(
    `update guess_budgets set blocked_until = blocked_until - $1::interval,
       day_started_at = day_started_at - $1::interval`,
    [interval],
  );
}
