import { newRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import type { Reply, RequestOptions, TestProject } from "./project.ts";
import { freshEmail } from "./project.ts";

/** A session without a sign-in, which would cost a password hash. */
export interface OpenedSession {
  readonly id: string;
  readonly userId: string;
  /** Its first refresh token, unused. */
  readonly refreshToken: string;
}

/** Inserts a user who has no password. */
export async function insertUser(project: TestProject): Promise<string> {
  const [user] = await project.sql<{ id: string }>(
    "insert into users (email) values ($1) returning id",
    [freshEmail()],
  );
  return user?.id ?? "";
}

/** Inserts a session with its first refresh token, of a user of its own by default. */
export async function openSession(project: TestProject, user?: string): Promise<OpenedSession> {
  const userId = user ?? (await insertUser(project));
  const token = newRefreshToken();
  const [row] = await project.sql<{ id: string }>(
    `with session as (insert into sessions (user_id) values ($1) returning id)
     insert into refresh_tokens (session_id, token_hash) select id, $2 from session
     returning session_id as id`,
    [userId, token.hash],
  );
  return { id: row?.id ?? "", userId, refreshToken: token.text };
}

/** Inserts so many sessions, each of a user of its own. */
export async function openSessions(project: TestProject, count: number): Promise<OpenedSession[]> {
  const tokens = Array.from({ length: count }, () => newRefreshToken());
  const rows = await project.sql<{ id: string; user_id: string }>(
    `with made as (
       select gen_random_uuid() as user_id, gen_random_uuid() as id, decode(hash, 'hex') as hash, email, n
       from unnest($1::text[], $2::text[]) with ordinality as given (hash, email, n)
     ), u as (insert into users (id, email) select user_id, email from made),
     s as (insert into sessions (id, user_id) select id, user_id from made),
     t as (insert into refresh_tokens (session_id, token_hash) select id, hash from made)
     select id, user_id from made order by n`,
    [tokens.map(({ hash }) => hash.toString("hex")), tokens.map(freshEmail)],
  );
  return rows.map(({ id, user_id: userId }, index) => {
    return { id, userId, refreshToken: tokens[index]?.text ?? "" };
  });
}

/** What `/refresh` answers: a session, or a refusal. */
export type RefreshReply = Reply<SessionReply & { readonly error_code?: string }>;

/** Presents a refresh token. */
export function refresh(
  project: TestProject,
  refreshToken: string,
  options?: RequestOptions,
): Promise<RefreshReply> {
  return project.post("/refresh", { refresh_token: refreshToken }, options);
}

/** Refreshes and returns the new tokens. Throws when refused. */
export async function rotate(
  project: TestProject,
  refreshToken: string,
  options?: RequestOptions,
): Promise<SessionReply> {
  const reply = await refresh(project, refreshToken, options);
  if (reply.status !== 200) throw new Error(`refresh answered ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** The tokens of a session that nobody has used yet: those that can still grow its lineage. */
export async function countLeaves(project: TestProject, sessionId: string): Promise<number> {
  const [row] = await project.sql<{ leaves: number }>(
    "select count(*)::int as leaves from refresh_tokens where session_id = $1 and used_at is null",
    [sessionId],
  );
  return row?.leaves ?? -1;
}

/** The reason for which a session was ended, or null. */
export async function endOf(project: TestProject, sessionId: string): Promise<string | null> {
  const [row] = await project.sql<{ revoked_because: string | null }>(
    "select revoked_because from sessions where id = $1",
    [sessionId],
  );
  if (!row) throw new Error("there is no such session");
  return row.revoked_because;
}

/** Logs a session out, as of a while ago. `interval` as Postgres reads it. */
export async function endSession(
  project: TestProject,
  sessionId: string,
  interval: string,
): Promise<void> {
  await project.sql(
    "update sessions set revoked_at = now() - $2::interval, revoked_because = 'logout' where id = $1",
    [sessionId, interval],
  );
}

/** How many rows a table of the project has. */
export async function countRows(project: TestProject, table: string): Promise<number> {
  const [row] = await project.sql<{ rows: number }>(`select count(*)::int as rows from ${table}`);
  return row?.rows ?? -1;
}
