import { beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { newRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { untilWaiting } from "../support/locks.ts";
import { createTestProject, type Reply, type TestProject } from "../support/project.ts";

const client = { address: null, userAgent: null };

describe("a user who is deleted while another request waits", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject();
  });

  /** Begins `request` after the user's row is locked, and deletes the user once it waits. */
  async function deleteDuring<T>(session: SessionReply, request: () => Promise<T>): Promise<T> {
    const { reply } = await project.transaction(async (query) => {
      await query("select from users where id = $1 for update", [session.user.id]);
      await query("select from sessions where user_id = $1 for update", [session.user.id]);
      const reply = request();
      await untilWaiting(project);
      await query("delete from users where id = $1", [session.user.id]);
      return { reply };
    });
    return reply;
  }

  it.each<[string, (session: SessionReply) => Promise<Reply>, number, string]>([
    [
      "a change of metadata",
      ({ access_token: token }) =>
        project.request("/user", { method: "PATCH", body: { data: { a: 1 } }, token }),
      401,
      "user_not_found",
    ],
    [
      "another deletion",
      ({ access_token: token }) => project.request("/user", { method: "DELETE", token }),
      401,
      "user_not_found",
    ],
    [
      "a refresh",
      ({ refresh_token }) => project.post("/refresh", { refresh_token }),
      400,
      "refresh_token_not_found",
    ],
  ])("is not found by %s", async (_name, request, status, code) => {
    const session = await project.signUp();
    const reply = await deleteDuring(session, () => request(session));
    expect(reply).toMatchObject({ status, body: { error_code: code } });
  });

  it("is not found by a sign-in", async () => {
    const session = await project.signUp();
    const { email, id } = session.user;
    const { passwordSalt, login } = projectFunctions(project.service.runtime, project.id);
    const [row] = await project.sql<{ password_hash: string }>(
      "select password_hash from users where id = $1",
      [id],
    );
    const proof = hashProof(row?.password_hash ?? "");
    const { attempt } = (await passwordSalt({ email, client })) as { attempt: string };
    const reply = await deleteDuring(session, () =>
      login({ attempt, email, proof, tokenHash: newRefreshToken().hash, client }),
    );
    expect(reply).toEqual({ outcome: "invalid_credentials" });
  });
});
