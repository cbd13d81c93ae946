import { createProject } from "../../src/projects/create_project.ts";
import { newRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "./jwt.ts";
import { createTestProject, openTestProject, type TestProject } from "./project.ts";

/** Another project whose user, identity and session have the very ids of the first one's. */
export interface Twin {
  readonly project: TestProject;
  /** The twin's own tokens for that session. */
  readonly session: SessionReply;
}

export async function createTwin(
  original: TestProject,
  accessToken: string,
  options: { jwtSecret?: string } = {},
): Promise<Twin> {
  const project = await otherProject(original, options.jwtSecret);
  const { sub, session_id: sessionId } = claimsOf(accessToken);
  await copyRow(original, project, "users", "id", sub);
  await copyRow(original, project, "identities", "user_id", sub);
  await copyRow(original, project, "sessions", "id", sessionId);
  const token = newRefreshToken();
  await project.sql("insert into refresh_tokens (session_id, token_hash) values ($1, $2)", [
    sessionId,
    token.hash,
  ]);
  const { status, body } = await project.post<SessionReply>("/refresh", {
    refresh_token: token.text,
  });
  if (status !== 200) throw new Error(`refresh answered ${JSON.stringify(body)}`);
  return { project, session: body };
}

async function otherProject(original: TestProject, jwtSecret?: string): Promise<TestProject> {
  if (jwtSecret === undefined) return createTestProject();
  const { service, id } = original;
  const twinId = `${id}_twin`;
  await createProject(service.admin, { id: twinId, keyring: service.keyring, jwtSecret });
  return openTestProject(service, twinId, jwtSecret);
}

async function copyRow(
  from: TestProject,
  to: TestProject,
  table: string,
  key: string,
  value: unknown,
): Promise<void> {
  const rows = await from.sql<{ row: string }>(
    `select to_jsonb(t)::text as row from ${table} t where ${key} = $1`,
    [value],
  );
  for (const { row } of rows) {
    await to.sql(`insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`, [
      row,
    ]);
  }
}
