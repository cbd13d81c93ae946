import { describe, expect, it } from "vitest";
import { ageSession } from "../support/age.ts";
import { createTestProject } from "../support/project.ts";
import { countLeaves, endOf, openSession, refresh, rotate } from "../support/sessions.ts";

const project = await createTestProject();

function tokens(sessionId: string) {
  return project.sql<{ used: boolean; is_child_of_used: boolean | null }>(
    `select t.used_at is not null as used, p.used_at = t.created_at as is_child_of_used
     from refresh_tokens t left join refresh_tokens p on p.id = t.parent_id
     where t.session_id = $1 order by t.id`,
    [sessionId],
  );
}

describe("a refresh", () => {
  it("gives new tokens of the same session and marks the old one used in the same moment (case 27)", async () => {
    const session = await openSession(project);
    const first = await rotate(project, session.refreshToken);
    const second = await rotate(project, first.refresh_token);

    const refreshTokens = [session.refreshToken, first.refresh_token, second.refresh_token];
    expect(new Set(refreshTokens).size).toBe(3);
    expect(first.access_token).not.toBe(second.access_token);
    expect(second.user.id).toBe(session.userId);
    expect(await tokens(session.id)).toEqual([
      { used: true, is_child_of_used: null },
      { used: true, is_child_of_used: true },
      { used: false, is_child_of_used: true },
    ]);
    const { status, body } = await project.request("/user", { token: second.access_token });
    expect({ status, id: body.id }).toEqual({ status: 200, id: session.userId });
  });

  it.each(["1 second", "1 hour", "3 days"])(
    "gives the same child again when the reply was lost and %s passed (case 29)",
    async (interval) => {
      const session = await openSession(project);
      const lost = await rotate(project, session.refreshToken);
      await ageSession(project, session.id, interval);

      for (let retry = 0; retry < 3; retry += 1) {
        const again = await rotate(project, session.refreshToken);
        expect(again.refresh_token).toBe(lost.refresh_token);
        const { status } = await project.request("/user", { token: again.access_token });
        expect(status).toBe(200);
      }
      expect(await tokens(session.id)).toHaveLength(2);

      const next = await rotate(project, lost.refresh_token);
      await rotate(project, next.refresh_token);
      expect(await countLeaves(project, session.id)).toBe(1);
      expect(await endOf(project, session.id)).toBeNull();
    },
  );

  it("gives two tabs the same child within 10 s, even when one of them has used it", async () => {
    const session = await openSession(project);
    const firstTab = await rotate(project, session.refreshToken);
    const next = await rotate(project, firstTab.refresh_token);
    await ageSession(project, session.id, "8 seconds");

    const secondTab = await rotate(project, session.refreshToken);
    expect(secondTab.refresh_token).toBe(firstTab.refresh_token);
    const both = await rotate(project, secondTab.refresh_token);
    expect(both.refresh_token).toBe(next.refresh_token);
    expect(await countLeaves(project, session.id)).toBe(1);
  });

  it("leaves one live token after 300 replays within 10 s, whichever is replayed (case 33)", async () => {
    const session = await openSession(project);
    const first = await rotate(project, session.refreshToken);
    const second = await rotate(project, first.refresh_token);
    const childOf = new Map([
      [session.refreshToken, first.refresh_token],
      [first.refresh_token, second.refresh_token],
    ]);
    for (let replay = 0; replay < 150; replay += 1) {
      for (const [parent, child] of childOf) {
        const { status, body } = await refresh(project, parent);
        // A slow machine may leave the 10 s, and is then refused.
        if (status === 200) expect(body.refresh_token).toBe(child);
        else expect(body.error_code).toMatch(/^(refresh_token_already_used|session_not_found)$/);
      }
    }
    expect(await tokens(session.id)).toHaveLength(3);
    expect(await countLeaves(project, session.id)).toBe(1);
  });

  it("records when, from where and with what the session was last active", async () => {
    const session = await openSession(project);
    await ageSession(project, session.id, "2 hours");
    await rotate(project, session.refreshToken, {
      address: "203.0.113.9",
      headers: { "User-Agent": "Curl/1\u00070" },
    });
    const [row] = await project.sql(
      `select host(ip) as ip, user_agent, refreshed_at > now() - interval '1 minute' as now,
         created_at < now() - interval '1 hour' as began_before
       from sessions where id = $1`,
      [session.id],
    );
    expect(row).toEqual({
      ip: "203.0.113.9",
      user_agent: "Curl/10",
      now: true,
      began_before: true,
    });
  });

  it("works as grant_type=refresh_token of /token alike, in one lineage", async () => {
    const session = await openSession(project);
    const viaToken = await project.post("/token?grant_type=refresh_token", {
      refresh_token: session.refreshToken,
    });
    expect(viaToken.status).toBe(200);
    const viaRefresh = await rotate(project, session.refreshToken);
    expect(viaRefresh.refresh_token).toBe(viaToken.body.refresh_token);
  });
});
