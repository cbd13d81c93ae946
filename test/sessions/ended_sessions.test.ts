import { beforeAll, describe, expect, it } from "vitest";
import { parseRefreshToken } from "../../src/tokens/refresh_token.ts";
import { createTestProject, type Query, type TestProject } from "../support/project.ts";
import { openSession } from "../support/sessions.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject({ sessions_per_user: 5 });
});

/**
 * A user with three live sessions and 2,000 that have ended, among as many live ones of others: by its
 * statistics, half of the user's live, too.
 */
async function oldUser(): Promise<string> {
  const { userId } = await openSession(project);
  for (let n = 0; n < 2; n += 1) await openSession(project, userId);
  await project.sql(
    `insert into sessions (user_id, created_at, revoked_at, revoked_because)
     select $1, now() - n * interval '1 minute', now(), 'logout' from generate_series(1, 2000) n`,
    [userId],
  );
  await project.sql(
    `with others as (insert into users (is_anonymous) select true from generate_series(1, 2000) returning id)
     insert into sessions (user_id) select id from others`,
  );
  await project.sql("analyze sessions");
  return userId;
}

/** What a statement reads and changes of the sessions. */
async function workOf(statement: string, params: readonly unknown[]) {
  const count = async (query: Query) => {
    const [row] = await query<{ read: number; updated: number; hot: number }>(
      `select (seq_tup_read + idx_tup_fetch)::int as read, n_tup_upd::int as updated,
         n_tup_hot_upd::int as hot
       from pg_stat_xact_user_tables where relid = 'sessions'::regclass`,
    );
    if (!row) throw new Error("Postgres counts nothing");
    return row;
  };
  return project.transaction(async (query) => {
    // As it is planned in a request.
    await query("set local plan_cache_mode = force_generic_plan");
    const before = await count(query);
    const [answer] = await query<{ value: unknown }>(statement, params);
    const after = await count(query);
    return {
      value: answer?.value,
      read: after.read - before.read,
      updated: after.updated - before.updated,
      hot: after.hot - before.hot,
    };
  });
}

describe("sessions that have ended", () => {
  it.each([
    ["a sign-in", "select open_session(u, 'password', sha256(u.id::text::bytea), null, null)"],
    ["a list of sessions", "select user_sessions_json(u, null)"],
    ["a logout everywhere", "select revoke_sessions(u.id, 'global', null, 'logout')"],
  ])("are not read by %s, however many there are", async (_, select) => {
    const userId = await oldUser();
    const { read } = await workOf(`${select} from users u where u.id = $1`, [userId]);
    expect(read).toBeGreaterThanOrEqual(3);
    expect(read).toBeLessThan(20);
  });
});

it("a refresh writes no index of the sessions", async () => {
  const { refreshToken } = await openSession(project);
  const { hash } = parseRefreshToken(refreshToken) ?? {};
  const done = await workOf(
    "select refresh($1, sha256('a'), sha256('b'), '192.0.2.1', 'Firefox') ->> 'outcome' as value",
    [hash],
  );
  expect(done).toMatchObject({ value: null, updated: 1, hot: 1 });
});
