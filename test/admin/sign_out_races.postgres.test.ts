import { describe, expect, it } from "vitest";
import { signOutUsers } from "../../src/users/sign_out.ts";
import { untilWaiting } from "../support/locks.ts";
import { createTestProject } from "../support/project.ts";
import { endOf, insertUser } from "../support/sessions.ts";

describe("signing everybody out while somebody redeems a link (case 188)", () => {
  it("waits for the session that the link opens, and ends it", async () => {
    const project = await createTestProject();
    const userId = await insertUser(project);
    await project.sql(
      `insert into one_time_tokens (user_id, purpose, email, token_hash, expires_at)
       values ($1, 'magiclink', 'a@example.org', sha256('a link'), now() + interval '1 hour')`,
      [userId],
    );
    let signOut = Promise.resolve<unknown>(undefined);
    const id = await project.transaction(async (query) => {
      await query("select from users where id = $1 for no key update", [userId]);
      await query("delete from one_time_tokens");
      const [session] = await query<{ id: string }>(
        "insert into sessions (user_id) values ($1) returning id",
        [userId],
      );
      // As a sign-in does, so that the row which is waited for is another version by then.
      await query("update users set last_sign_in_at = clock_timestamp()");
      signOut = signOutUsers(project.service.admin, project.id);
      await untilWaiting(project);
      return session?.id ?? "";
    });
    expect(await signOut).toEqual({ users: 1, sessions: 1 });
    expect(await endOf(project, id)).toBe("project_signed_out");
  });
});
