import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { ageSession } from "../support/age.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { endOf, type OpenedSession, openSession, refresh, rotate } from "../support/sessions.ts";

const project = await createTestProject();

/** Every row of every table of the project and of the registry, as text. */
async function dump({ transaction, id }: TestProject): Promise<string[]> {
  return transaction(async (query) => {
    const tables = await query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c
       where c.relkind in ('r', 'p') and c.relnamespace in ($1::regnamespace, 'miosa_auth'::regnamespace)`,
      [id],
    );
    const rows = [];
    for (const { name } of tables) {
      // What other projects of the test's database have queued would be paired with everything.
      const own = name.endsWith("outbox") ? `where project_id = '${id}'` : "";
      rows.push(...(await query<{ row: string }>(`select t::text as row from ${name} t ${own}`)));
    }
    return rows.map(({ row }) => row);
  });
}

/** The ways in which bytes may stand in a dump. */
function spellings(bytes: Buffer): string[] {
  const text = bytes.toString("base64url");
  const found = [text, bytes.toString("base64"), bytes.toString("hex"), bytes.toString("latin1")];
  return [...found, bytes.toString("hex").toUpperCase(), Buffer.from(text).toString("hex")];
}

function bytesIn(rows: readonly string[]): Buffer[] {
  const found = rows.flatMap((row) => [...row.matchAll(/[0-9a-f]{64}/g)].map(([hex]) => hex));
  return [...new Set(found)].map((hex) => Buffer.from(hex, "hex"));
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((octet, index) => octet ^ (b[index] ?? 0)));
}

function wrapMask(secret: Buffer): Buffer {
  return createHash("sha256").update("miosa-auth/refresh-token-wrap/1\0").update(secret).digest();
}

function secretOf(token: string): Buffer {
  return Buffer.from(token, "base64url");
}

function wrapped(sessionId: string) {
  return project.sql<{ used: boolean; wrapped: string | null }>(
    `select used_at is not null as used, encode(wrapped, 'hex') as wrapped
     from refresh_tokens where session_id = $1 order by id`,
    [sessionId],
  );
}

/** The last token to which a dump leads whoever holds the session's first one. */
async function reachable({ id, refreshToken }: OpenedSession): Promise<string> {
  let secret = secretOf(refreshToken);
  for (const row of (await wrapped(id)).slice(1)) {
    if (row.wrapped === null) break;
    secret = xor(Buffer.from(row.wrapped, "hex"), wrapMask(secret));
  }
  return secret.toString("base64url");
}

describe("a dump of the database", () => {
  it("holds no token, in any spelling, and nothing that leads to one (case 26)", async () => {
    const replies: SessionReply[] = [await project.signUp()];
    for (let step = 0; step < 3; step += 1) {
      replies.push(await rotate(project, replies.at(-1)?.refresh_token ?? ""));
    }
    const refreshTokens = replies.map((reply) => secretOf(reply.refresh_token));
    const rows = await dump(project);
    const text = rows.join("\n");

    for (const token of refreshTokens) {
      expect(text).toContain(createHash("sha256").update(token).digest("hex"));
      for (const spelling of spellings(token)) expect(text).not.toContain(spelling);
    }
    for (const { access_token } of replies) {
      const [, payload = "", signature = ""] = access_token.split(".");
      expect(text).not.toContain(payload);
      for (const spelling of spellings(Buffer.from(signature, "base64url"))) {
        expect(text).not.toContain(spelling);
      }
    }

    // The hashes and wrapped tokens are all there, and no two of them together make a token.
    const values = bytesIn(rows);
    expect(values.length).toBeGreaterThan(refreshTokens.length);
    const known = new Set(refreshTokens.map((token) => token.toString("hex")));
    for (const value of values) {
      expect(known).not.toContain(wrapMask(value).toString("hex"));
      for (const other of values) {
        expect(known).not.toContain(xor(value, other).toString("hex"));
        expect(known).not.toContain(xor(value, wrapMask(other)).toString("hex"));
      }
    }
  });

  it("gives a token only to whoever holds its parent", async () => {
    const session = await openSession(project);
    const child = await rotate(project, session.refreshToken);
    expect(await reachable(session)).toBe(child.refresh_token);
    expect(await reachable({ ...session, refreshToken: child.refresh_token })).not.toBe(
      child.refresh_token,
    );
  });

  it("has ids of sessions that are random, version 4 (case 26)", async () => {
    const { id } = await openSession(project);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("a wrapped token", () => {
  it("is erased when it is used more than 10 s after it was made", async () => {
    const session = await openSession(project);
    const first = await rotate(project, session.refreshToken);
    await ageSession(project, session.id, "11 seconds");
    await rotate(project, first.refresh_token);
    expect(await wrapped(session.id)).toEqual([
      { used: true, wrapped: null },
      { used: true, wrapped: null },
      { used: false, wrapped: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  it("used sooner leads no further than to used tokens, after the next rotation", async () => {
    const session = await openSession(project);
    let token = session.refreshToken;
    for (let step = 0; step < 4; step += 1) token = (await rotate(project, token)).refresh_token;
    // All of them could be asked for until now.
    expect(await reachable(session)).toBe(token);

    await ageSession(project, session.id, "11 seconds");
    await rotate(project, token);
    expect(await wrapped(session.id)).toMatchObject([
      {},
      {},
      {},
      { used: true, wrapped: null },
      { used: true, wrapped: null },
      { used: false, wrapped: expect.any(String) },
    ]);
  });

  it("is not given again by a clock that was set back: the replay ends the session (case 34)", async () => {
    for (const [pause, setBack] of [
      ["0 seconds", "-1 hour"],
      ["11 seconds", "-1 hour"],
      ["11 seconds", "-11 seconds"],
    ] as const) {
      const session = await openSession(project);
      const first = await rotate(project, session.refreshToken);
      await ageSession(project, session.id, pause);
      const second = await rotate(project, first.refresh_token);
      await ageSession(project, session.id, setBack);

      expect(await refresh(project, session.refreshToken)).toMatchObject({
        status: 400,
        body: { error_code: "refresh_token_already_used" },
      });
      expect(await endOf(project, session.id)).toBe("refresh_token_reuse");
      expect((await refresh(project, second.refresh_token)).status).toBe(400);
    }
  });
});
