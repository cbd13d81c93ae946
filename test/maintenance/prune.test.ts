import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { type PruneStep, projectFunctions } from "../../src/database/functions.ts";
import { pruneProject } from "../../src/projects/prune_project.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import { ageSession } from "../support/age.ts";
import { createTestProject, freshEmail, type TestProject } from "../support/project.ts";
import {
  countRows,
  endOf,
  endSession,
  type OpenedSession,
  openSession,
  refresh,
  rotate,
} from "../support/sessions.ts";

let project: TestProject;
beforeEach(async () => {
  project = await createTestProject();
});

/** Forgets all that is over, as a server does. */
async function prune(rows = 100): Promise<Record<string, number>> {
  const total: Record<string, number> = {};
  let from: PruneStep["next"] = null;
  do {
    const step: PruneStep = await projectFunctions(project.service.runtime, project.id).prune(
      rows,
      from,
    );
    for (const [kind, count] of Object.entries(step.deleted))
      total[kind] = (total[kind] ?? 0) + count;
    from = step.next;
  } while (from);
  return total;
}

/** A session of three tokens, the last unused. */
async function usedSession(): Promise<OpenedSession & { readonly tokens: string[] }> {
  const session = await openSession(project);
  const tokens = [session.refreshToken];
  for (let n = 0; n < 2; n += 1) {
    tokens.push((await rotate(project, tokens.at(-1) ?? "")).refresh_token);
  }
  return { ...session, tokens };
}

describe("pruning sessions (case 199)", () => {
  it("forgets those that ended 7 days ago with all their tokens, and no sooner", async () => {
    const [gone, kept] = [await usedSession(), await usedSession()];
    await endSession(project, gone.id, "7 days 1 hour");
    await endSession(project, kept.id, "6 days 23 hours");
    expect(await prune()).toEqual({ sessions: 4 });
    expect(await countRows(project, "sessions")).toBe(1);
    expect(await countRows(project, "refresh_tokens")).toBe(3);
    expect(await endOf(project, kept.id)).toBe("logout");
  });

  it("answers a token that was forgotten like one that never was, and ends nothing else by it", async () => {
    const gone = await usedSession();
    const other = await openSession(project, gone.userId);
    await endSession(project, gone.id, "8 days");
    await prune();
    for (const token of gone.tokens) {
      expect(await refresh(project, token)).toMatchObject({
        status: 400,
        body: { error_code: "refresh_token_not_found" },
      });
    }
    expect(await endOf(project, other.id)).toBeNull();
    expect((await refresh(project, other.refreshToken)).status).toBe(200);
  });

  it("touches no token of a session that lives, so that its oldest still ends it", async () => {
    const session = await usedSession();
    await ageSession(project, session.id, "3 years");
    expect(await prune()).toEqual({});
    expect(await countRows(project, "refresh_tokens")).toBe(3);
    expect((await refresh(project, session.tokens[0] ?? "")).body).toMatchObject({
      error_code: "refresh_token_already_used",
    });
    expect(await endOf(project, session.id)).toBe("refresh_token_reuse");
  });

  it.each([
    ["session_lifetime", "created_at"],
    ["session_idle_timeout", "refreshed_at"],
  ])("counts the 7 days from the end by %s", async (setting, column) => {
    await changeSettings(project.service.admin, project.id, { [setting]: 86_400 });
    const [gone, kept] = [await openSession(project), await openSession(project)];
    const age = `update sessions set ${column} = now() - $2::interval where id = $1`;
    await project.sql(age, [gone.id, "8 days 1 hour"]);
    await project.sql(age, [kept.id, "7 days 23 hours"]);
    expect(await prune()).toEqual({ sessions: 2 });
    expect(await endOf(project, kept.id)).toBeNull();
  });

  it("goes through a session's thousands of tokens in steps, in which it cannot live again", async () => {
    await changeSettings(project.service.admin, project.id, { session_idle_timeout: 3_600 });
    const { id, refreshToken } = await openSession(project);
    await project.sql(
      `insert into refresh_tokens (session_id, token_hash, used_at)
       select $1, sha256(n::text::bytea), now() from generate_series(1, 250) n`,
      [id],
    );
    await ageSession(project, id, "9 days");
    const { prune: step } = projectFunctions(project.service.runtime, project.id);
    expect(await step(100, null)).toEqual({ deleted: { sessions: 100 }, next: { sessions: 0 } });
    expect(await endOf(project, id)).toBe("expired");
    await changeSettings(project.service.admin, project.id, { session_idle_timeout: 0 });
    expect((await refresh(project, refreshToken)).status).toBe(400);
    expect(await prune()).toEqual({ sessions: 152 });
    expect(await countRows(project, "sessions")).toBe(0);
  });

  it("reads a table of many blocks to its end, and begins the next lap at its start", async () => {
    const { userId } = await openSession(project);
    await project.sql(
      `insert into sessions (user_id, user_agent, revoked_at, revoked_because)
       select $1, repeat('x', 255), case when n in (1, 6000) then now() - interval '8 days' end,
         case when n in (1, 6000) then 'logout' end
       from generate_series(1, 6000) n`,
      [userId],
    );
    const { prune: step } = projectFunctions(project.service.runtime, project.id);
    const first = await step(100, null);
    expect(first).toEqual({ deleted: { sessions: 1 }, next: { sessions: 64 } });
    expect(await prune()).toEqual({ sessions: 1 });
    expect(await countRows(project, "sessions")).toBe(5_999);
  });
});

const short = ["login_attempts", "oauth_flows", "spent_nonces"];

describe("pruning what has a time of its own (case 199)", () => {
  /** Two rows, of which one is over. */
  const rows: Record<string, string> = {
    login_attempts: "(subject, expires_at) values ('\\x00', %)",
    oauth_flows:
      "(state_hash, browser_hash, provider, sealed, expires_at) values (sha256($1), sha256($1), 'acme', '\\x00', %)",
    spent_nonces: "(nonce_hash, expires_at) values (sha256($1), %)",
  };
  it.each(short)("forgets %s that are over, and no others", async (table) => {
    for (const time of ["now() - interval '1 second'", "now() + interval '1 minute'"]) {
      const row = (rows[table] ?? "").replace("%", time);
      await project.sql(`insert into ${table} ${row}`, row.includes("$1") ? [randomBytes(8)] : []);
    }
    expect(await prune()).toEqual({ [table]: 1 });
    expect(await countRows(project, table)).toBe(1);
  });

  it("keeps a used code for a day after its 5 minutes", async () => {
    const { id, userId } = await openSession(project);
    const insert = (expired: string, sessionId: string | null) =>
      project.sql(
        `insert into authorization_codes (user_id, code_hash, code_challenge, method, session_id, expires_at)
         values ($1, sha256($2), repeat('a', 43), 'otp', $3, now() - $4::interval)`,
        [userId, randomBytes(8), sessionId, expired],
      );
    await insert("1 minute", null);
    await insert("23 hours", id);
    await insert("25 hours", id);
    await insert("-1 minute", null);
    expect(await prune()).toEqual({ authorization_codes: 2 });
  });

  it("keeps a mailed token that is over for a day, in which its mail may leave", async () => {
    const add = async (created: string, expired: string) =>
      project.sql(
        `insert into one_time_tokens (user_id, purpose, email, token_hash, created_at, expires_at, code_expires_at)
         values ($1, 'recovery', 'a@example.com', sha256($2), now() - $3::interval, now() - $4::interval, now() - $4::interval)`,
        [(await openSession(project)).userId, randomBytes(8), created, expired],
      );
    await add("25 hours", "24 hours");
    await add("23 hours", "22 hours");
    await add("25 hours", "-1 minute");
    expect(await prune()).toEqual({ one_time_tokens: 1 });
  });

  it("forgets the windows of client addresses that are over", async () => {
    await project.sql(
      `insert into request_rates values ('login', '192.0.2.1', now() - interval '11 minutes', 3),
         ('login', '192.0.2.2', now(), 3), ('signup', '192.0.2.1', now(), 3)`,
    );
    expect(await prune()).toEqual({ request_rates: 1 });
  });
});

describe("pruning budgets of guesses (case 199)", () => {
  it("forgets those whose day and wait are over, and gives no guess back by it", async () => {
    await project.sql(
      `insert into guess_budgets (purpose, subject, failures, blocked_until, day_started_at, day_guesses) values
         ('password', '\\x01', 9, null, now() - interval '25 hours', 90),
         ('password', '\\x02', 12, now() + interval '1 minute', now() - interval '25 hours', 90),
         ('password', '\\x03', 0, null, now() - interval '23 hours', 90),
         ('code', '\\x01', 3, null, now() - interval '23 hours', 20)`,
    );
    expect(await prune()).toEqual({ guess_budgets: 1 });
    const left = await project.sql(
      "select purpose, encode(subject, 'hex') as subject, day_guesses from guess_budgets order by 1, 2",
    );
    expect(left).toEqual([
      { purpose: "code", subject: "01", day_guesses: 20 },
      { purpose: "password", subject: "02", day_guesses: 90 },
      { purpose: "password", subject: "03", day_guesses: 90 },
    ]);
  });

  it("leaves an account that waits waiting", async () => {
    const { user } = await project.signUp({ email: freshEmail() });
    const wrong = { email: user.email, password: "something else entirely" };
    for (let n = 0; n < 10; n += 1) await project.post("/token", wrong);
    expect((await project.post("/token", wrong)).status).toBe(429);
    await prune();
    expect((await project.post("/token", wrong)).status).toBe(429);
  });

  it("forgets budgets of mail after two days", async () => {
    await project.sql(
      `insert into mail_budgets values ('\\x01', now() - interval '49 hours', now(), 1),
         ('\\x02', now() - interval '47 hours', now(), 1)`,
    );
    expect(await prune()).toEqual({ mail_budgets: 1 });
  });
});

describe("pruning the audit log (case 199)", () => {
  const age = () =>
    project.sql(
      `insert into audit_log (at, event)
       select now() - n * interval '1 day', 'of_the_test' from generate_series(100, 81, -1) n`,
    );

  it("keeps lines for 90 days", async () => {
    await age();
    expect(await prune(3)).toEqual({ audit_log: 11 });
    expect(await countRows(project, "audit_log")).toBeGreaterThanOrEqual(9);
  });

  it("keeps them for as long as the operator says, or for ever", async () => {
    await age();
    const keep = (days: number) =>
      changeSettings(project.service.admin, project.id, { audit_retention_days: days });
    await keep(0);
    expect(await prune()).toEqual({});
    await keep(95);
    expect(await prune()).toEqual({ audit_log: 6 });
    for (const days of [-1, 36_501]) {
      await expect(keep(days)).rejects.toMatchObject({ code: "validation_failed" });
    }
  });
});

describe("what a caller of prune() may ask for", () => {
  it("is how fast, within bounds, and never what", async () => {
    const { id } = await usedSession();
    await endSession(project, id, "8 days");
    const { prune: step } = projectFunctions(project.service.runtime, project.id);
    expect(await step(-5, null)).toMatchObject({ deleted: { sessions: 1 } });
    expect(await step(2_000_000_000, { sessions: 4_000_000_000, users: 0 })).toEqual({
      deleted: {},
      next: null,
    });
    expect(await step(2_000_000_000, { sessions: -1 })).toEqual({
      deleted: { sessions: 3 },
      next: null,
    });
  });

  it("is all of it at once, for an administrator", async () => {
    const { id } = await usedSession();
    await endSession(project, id, "8 days");
    expect(await pruneProject(project.service.admin, project.id)).toEqual({ sessions: 4 });
    await expect(pruneProject(project.service.admin, "proj_nobody")).rejects.toMatchObject({
      code: "project_not_found",
    });
  });

  it("is in transactions as small as a server's, for an administrator too (case 199)", async () => {
    // Says which limits it was given, and takes long for the third time.
    await project.sql(`create or replace function prune(p_limit integer, p_from jsonb) returns jsonb language plpgsql as $$
      declare
        v_limits jsonb := coalesce(p_from, '[]') || to_jsonb(p_limit);
      begin
        if jsonb_array_length(v_limits) = 3 then perform pg_sleep(0.25); end if;
        return jsonb_build_object(
          'deleted', jsonb_build_object(jsonb_array_length(v_limits), p_limit),
          'next', case when jsonb_array_length(v_limits) < 4 then v_limits end
        );
      end $$`);
    const limits = Object.values(await pruneProject(project.service.admin, project.id));
    expect(limits).toHaveLength(4);
    expect(limits[0]).toBe(25);
    expect(Math.max(...limits)).toBeLessThanOrEqual(100);
    // Of a hundred in 250 ms.
    expect(limits[3]).toBeLessThanOrEqual(16);
  });
});
