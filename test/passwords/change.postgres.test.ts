import { beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { newSalt } from "../../src/passwords/salt.ts";
import { newRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { sessionIdOf } from "../support/age.ts";
import { untilWaiting } from "../support/locks.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

const client = { address: null, userAgent: null };

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
    for (let round = 1; round <= 3; round += 1) {
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

  it("ends the session of a sign-in that had begun before it (case 8)", async () => {
    const session = await project.signUp();
    const functions = projectFunctions(project.service.runtime, project.id);
    const { email, id: userId } = session.user;
    const [row] = await project.sql<{ password_hash: string }>(
      "select password_hash from users where id = $1",
      [userId],
    );
    const proof = hashProof(row?.password_hash ?? "");
    const reserved = await functions.passwordSalt({ email, client });
    const { attempt } = reserved as { attempt: string };
    const token = newRefreshToken();
    const caller = { userId, sessionId: sessionIdOf(session) };
    const comparison = await functions.ownPasswordSalt({ caller, isGuess: false, client });
    const nothing = {
      email: null,
      emailAsTyped: null,
      nonceMacs: null,
      mail: null,
      userMetadata: null,
      attempt: (comparison as { attempt: string }).attempt,
      currentProof: null,
    };

    // The sign-in has compared the proof and waits to give its guess back.
    const { signIn, changed } = await project.transaction(async (query) => {
      await query("select from guess_budgets for update");
      const signIn = functions.login({ attempt, email, proof, tokenHash: token.hash, client });
      await untilWaiting(project);
      const passwordHash = newSalt(10) + "x".repeat(31);
      const changed = functions.updateUser({
        caller,
        ...nothing,
        passwordHash,
        newProof: hashProof(passwordHash),
        client,
      });
      await Promise.race([changed, untilWaiting(project, 2)]);
      return { signIn, changed };
    });
    expect((await signIn).outcome).toBeNull();
    expect((await changed).outcome).toBeNull();
    expect(await project.post("/refresh", { refresh_token: token.text })).toMatchObject({
      status: 400,
      body: { error_code: "session_not_found" },
    });
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
