import { describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { ageSession } from "../support/age.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openSession, refresh, rotate } from "../support/sessions.ts";

const minutes = 60;
const refused = { status: 400, body: { error_code: "session_expired" } };

async function endOfSession(project: TestProject, sessionId: string, after: string) {
  const [row] = await project.sql<{ at: number }>(
    `select extract(epoch from ${after})::float as at
     from sessions, settings where id = $1`,
    [sessionId],
  );
  return row?.at ?? 0;
}

function user(project: TestProject, { access_token }: SessionReply) {
  return project.request("/user", { token: access_token });
}

describe("the absolute lifetime of a session (case 40)", () => {
  it("ends it although it was refreshed every minute, and no token outlives it", async () => {
    const project = await createTestProject({ session_lifetime: 30 * minutes });
    const session = await openSession(project);
    let tokens = await rotate(project, session.refreshToken);
    for (let minute = 1; minute < 30; minute += 1) {
      await ageSession(project, session.id, "1 minute");
      tokens = await rotate(project, tokens.refresh_token);
      const end = await endOfSession(
        project,
        session.id,
        "created_at + session_lifetime * interval '1 second'",
      );
      expect(tokens.expires_at).toBeLessThanOrEqual(end);
      expect(tokens.expires_in).toBeGreaterThan((29 - minute) * minutes);
    }
    expect((await user(project, tokens)).status).toBe(200);

    await ageSession(project, session.id, "1 minute");
    expect(await refresh(project, tokens.refresh_token)).toMatchObject(refused);
    expect(await user(project, tokens)).toMatchObject({
      status: 401,
      body: { error_code: "session_expired" },
    });
  });

  it("binds a fresh sign-in's token too", async () => {
    const project = await createTestProject({ session_lifetime: 10 * minutes });
    const { expires_in } = await project.signUp();
    expect(expires_in).toBeLessThanOrEqual(10 * minutes);
    expect(expires_in).toBeGreaterThan(9 * minutes);
  });
});

describe("the idle timeout of a session (case 40)", () => {
  it("ends it when nobody refreshed for so long, and only then", async () => {
    const project = await createTestProject({ session_idle_timeout: 30 * minutes });
    const session = await openSession(project);
    let tokens = await rotate(project, session.refreshToken);
    for (let visit = 0; visit < 3; visit += 1) {
      await ageSession(project, session.id, "29 minutes");
      expect((await user(project, tokens)).status).toBe(200);
      tokens = await rotate(project, tokens.refresh_token);
    }
    await ageSession(project, session.id, "30 minutes");
    expect(await refresh(project, tokens.refresh_token)).toMatchObject(refused);
    expect(await user(project, tokens)).toMatchObject({
      status: 401,
      body: { error_code: "session_expired" },
    });
  });

  it("is outlived by no token", async () => {
    const project = await createTestProject({ session_idle_timeout: 5 * minutes });
    const session = await openSession(project);
    const tokens = await rotate(project, session.refreshToken);
    const end = await endOfSession(
      project,
      session.id,
      "refreshed_at + session_idle_timeout * interval '1 second'",
    );
    expect(tokens.expires_at).toBeLessThanOrEqual(end);
    expect(tokens.expires_in).toBeGreaterThan(4 * minutes);
  });
});

describe("a session without limits", () => {
  it("is refreshed after five years, and its access token still expires in an hour", async () => {
    const project = await createTestProject();
    const session = await openSession(project);
    await ageSession(project, session.id, "5 years");
    const { expires_in } = await rotate(project, session.refreshToken);
    expect(expires_in).toBe(3600);
  });
});
