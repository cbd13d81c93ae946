import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

describe("a change of password that meets other requests", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject({ password_change: "any", login_failures_before_wait: 100 });
  });

  const refresh = (session: SessionReply) =>
    project.post<SessionReply>("/refresh", { refresh_token: session.refresh_token });
  const change = ({ access_token: token }: SessionReply, password: string) =>
    project.request("/user", { method: "PATCH", body: { password }, token });

  it("leaves no session to who signs in or refreshes with the old credentials meanwhile (case 8)", async () => {
    const session = await project.signUp();
    let old = goodPassword;
    const outcomes = new Set<number>();
    for (let round = 1; round <= 5; round += 1) {
      const next = `the phrase of round ${round}`;
      const credentials = { email: session.user.email, password: old };
      const other = (await project.post<SessionReply>("/token", credentials)).body;
      const [changed, refreshed, ...signIns] = await Promise.all([
        change(session, next),
        refresh(other),
        ...[1, 2].map(() => project.post<SessionReply>("/token", credentials)),
      ]);

      expect(changed.status).toBe(200);
      for (const reply of [refreshed, ...signIns]) {
        outcomes.add(reply.status);
        if (reply.status === 200) expect((await refresh(reply.body)).status).toBe(400);
        else expect(reply.status).toBe(400);
      }
      expect((await refresh(other)).status).toBe(400);
      expect((await project.request("/user", { token: session.access_token })).status).toBe(200);
      old = next;
    }
    expect(outcomes).toContain(200);
  });

  it("comes before or after another change, never in between", async () => {
    const session = await project.signUp();
    const passwords = ["the phrase of one tab", "the phrase of another tab"];
    const replies = await Promise.all(passwords.map((password) => change(session, password)));
    expect(replies.map((reply) => reply.status)).toEqual([200, 200]);
    const signIns = await Promise.all(
      [goodPassword, ...passwords].map((password) =>
        project.post("/token", { email: session.user.email, password }),
      ),
    );
    const [original, ...changed] = signIns.map((reply) => reply.status);
    expect(original).toBe(400);
    expect(changed.sort()).toEqual([200, 400]);
  });
});
