import { beforeEach, describe, expect, it } from "vitest";
import { changeSettings } from "../../src/projects/settings.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { countOldAnonymousUsers, pruneAnonymousUsers } from "../../src/users/prune.ts";
import { createAppRole } from "../support/app_role.ts";
import { mailingProject } from "../support/mailed.ts";
import { queuedMail } from "../support/outbox.ts";
import { freshEmail, inTransaction, type TestProject } from "../support/project.ts";

const day = 86_400;
let project: TestProject;
beforeEach(async () => {
  project = await mailingProject({ anonymous_users: true });
});

/** An anonymous user who came by that many days ago for the first and the last time. */
async function anonymous(made: number, seen: number): Promise<SessionReply> {
  const { body } = await project.post<SessionReply>("/signup", {});
  await project.sql(
    "update users set created_at = created_at - make_interval(days => $2::int) where id = $1",
    [body.user.id, made],
  );
  await project.sql(
    "update sessions set refreshed_at = refreshed_at - make_interval(days => $2::int) where user_id = $1",
    [body.user.id, seen],
  );
  return body;
}

const users = async () => (await project.sql("select id from users")).map(({ id }) => id);
const prune = (days = 30, onProgress?: (deleted: number) => void) =>
  pruneAnonymousUsers(project.service.admin, project.id, {
    olderThan: days * day,
    ...(onProgress ? { onProgress } : {}),
  });

describe("removing anonymous users of long ago", () => {
  it("takes those who have not come by since, and nobody else", async () => {
    const permanent = await project.signUp();
    await project.sql("update users set created_at = created_at - interval '1 year'");
    const gone = await anonymous(40, 31);
    const comesBy = await anonymous(40, 5);
    const isNew = await anonymous(5, 5);
    expect(
      await countOldAnonymousUsers(project.service.admin, project.id, { olderThan: 30 * day }),
    ).toBe(2);
    expect(await prune()).toEqual({ deleted: 1, held: 0 });
    expect((await users()).sort()).toEqual(
      [permanent, comesBy, isNew].map(({ user }) => user.id).sort(),
    );
    const { refresh_token } = gone;
    expect((await project.post("/refresh", { refresh_token })).body).toMatchObject({
      error_code: "refresh_token_not_found",
    });
  });

  it("takes who signed out, and spares who became permanent", async () => {
    const signedOut = await anonymous(40, 0);
    const { access_token: token } = signedOut;
    await project.request("/logout", { method: "POST", token });
    const { user } = await anonymous(40, 40);
    await project.sql("update users set is_anonymous = false where id = $1", [user.id]);
    expect(await prune()).toEqual({ deleted: 1, held: 0 });
    expect(await users()).toEqual([user.id]);
  });

  it("takes their mail along, and that of nobody else", async () => {
    const stays = await anonymous(1, 1);
    const goes = await anonymous(40, 40);
    const [kept, lost] = [freshEmail(), freshEmail()];
    for (const [session, email] of [
      [stays, kept],
      [goes, lost],
    ] as const) {
      const { access_token: token } = session;
      await project.request("/user", { method: "PATCH", token, body: { email } });
    }
    expect(await queuedMail(project, lost)).toHaveLength(1);
    await prune();
    expect(await queuedMail(project, lost)).toEqual([]);
    expect(await queuedMail(project, kept)).toHaveLength(1);
  });

  it("goes on past whom the application holds, by a key or by a word", async () => {
    const owner = await createAppRole(project, { helpers: false });
    const held = await anonymous(50, 50);
    const refused = await anonymous(49, 49);
    await anonymous(48, 48);
    await inTransaction(project.service, async (query) => {
      await query(
        `create table ${owner.schema}.orders (user_id uuid references ${project.id}.users)`,
      );
      await query(`insert into ${owner.schema}.orders values ('${held.user.id}')`);
      await query(`create function ${owner.schema}.keep() returns trigger language plpgsql as $$
        begin
          if old.id = '${refused.user.id}' then raise exception 'open invoices'; end if;
          return null;
        end $$`);
      await query(`create trigger keep after delete on ${project.id}.users
        for each row execute function ${owner.schema}.keep()`);
    });
    expect(await prune()).toEqual({ deleted: 1, held: 2 });
    expect((await users()).sort()).toEqual([held.user.id, refused.user.id].sort());
    await project.sql(`drop schema ${owner.schema} cascade`);
  });

  it("goes in small transactions, to the end (case 199)", async () => {
    await project.sql(
      "insert into users (is_anonymous, created_at) select true, now() - interval '40 days' from generate_series(1, 250)",
    );
    const progress: number[] = [];
    expect(await prune(30, (deleted) => progress.push(deleted))).toEqual({ deleted: 250, held: 0 });
    expect(progress[0]).toBe(25);
    expect(Math.max(...progress)).toBeLessThanOrEqual(100);
    expect(await users()).toEqual([]);
    const events = await project.sql(
      "select (detail ->> 'count')::int as count from audit_log where event = 'anonymous_users_deleted' order by id",
    );
    expect(events.map(({ count }) => count)).toEqual(progress.filter((count) => count > 0));
  });

  it("deletes few after a transaction that took long (case 199)", async () => {
    await project.sql(
      "insert into users (is_anonymous, created_at) select true, now() - interval '40 days' from generate_series(1, 40)",
    );
    await project.sql(`create function slow() returns trigger language plpgsql as $$
      begin perform pg_sleep(0.01); return null; end $$`);
    await project.sql(
      "create trigger slow after delete on users for each row execute function slow()",
    );
    const progress: number[] = [];
    expect(await prune(30, (deleted) => progress.push(deleted))).toEqual({ deleted: 40, held: 0 });
    expect(progress[0]).toBe(25);
    // As many as take 40 ms, at 10 ms each.
    expect(Math.max(...progress.slice(1))).toBeLessThanOrEqual(4);
  });

  it("goes on past those who have just come back, and not for ever", async () => {
    await project.sql(`create or replace function delete_anonymous_users(
        p_age interval, p_limit integer, p_after jsonb) returns jsonb language sql
      as $$ select '{"deleted": 0, "held": 0, "after": {}}'::jsonb $$`);
    const progress: number[] = [];
    expect(await prune(30, (deleted) => progress.push(deleted))).toEqual({ deleted: 0, held: 0 });
    expect(progress).toHaveLength(10);
  });

  it("wants an age of an hour at least", async () => {
    await changeSettings(project.service.admin, project.id, { anonymous_users: true });
    for (const olderThan of [0, -1, 3599, 1e99, Number.NaN]) {
      await expect(
        pruneAnonymousUsers(project.service.admin, project.id, { olderThan }),
      ).rejects.toMatchObject({ code: "validation_failed" });
    }
  });
});
