import { readFileSync, statSync } from "node:fs";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import { openEngine } from "../support/engine.ts";
import { openInstance } from "../support/instance.ts";
import { calling } from "../support/own_names.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

// Postgres names a duplicate key by its value, in its answer and in its log.
const duplicateKey = /duplicate key|Key \(email\)/i;

/** Sign-ups at once with one address in several spellings. */
function signUpTogether(project: TestProject, count: number, auth: Auth = project.service.auth) {
  const name = "ann.porter";
  const spell = [(s: string) => s, (s: string) => s.toUpperCase(), (s: string) => `A${s.slice(1)}`];
  const emails = Array.from({ length: count }, (_, index) =>
    (spell[index % spell.length] ?? String)(`${name}@example.org`),
  );
  return Promise.all(
    emails.map((email) => project.post("/signup", { email, password: goodPassword }, { auth })),
  );
}

async function logFile(): Promise<string> {
  const engine = await openEngine();
  if (engine.kind !== "postgres") throw new Error("this needs a server with a log");
  return engine.logFile;
}

describe("sign-ups with one address at the same time (case 19)", () => {
  it("make one user; the others hear that it is taken, and no log names the address as a key", async () => {
    const project = await createTestProject();
    const file = await logFile();
    const { size } = statSync(file);
    const lines: string[] = [];
    const logger = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
    const instance = openInstance(project.service, {}, { logger });
    const replies = await signUpTogether(project, 50, instance.auth);
    await instance.close();

    const given = replies.filter((reply) => reply.status === 200);
    expect(given).toHaveLength(1);
    for (const reply of replies) {
      if (reply.status === 200) continue;
      expect(reply.status).toBe(422);
      expect(reply.body).toEqual({
        code: 422,
        error_code: "user_already_exists",
        msg: "User already registered",
      });
    }
    expect(await project.sql("select email from users")).toEqual([
      { email: "ann.porter@example.org" },
    ]);
    for (const table of ["identities", "sessions", "refresh_tokens"]) {
      expect(await project.sql(`select count(*)::int as n from ${table}`)).toEqual([{ n: 1 }]);
    }
    const token = String(given[0]?.body.access_token);
    expect((await project.request("/user", { token })).status).toBe(200);

    const log = readFileSync(file).subarray(size).toString("utf8");
    expect(log).toContain(`${project.id}".${calling(project.id, "signup")}`);
    expect(lines.length).toBeGreaterThanOrEqual(50);
    for (const text of [log, lines.join()]) expect(text).not.toMatch(duplicateKey);
  });

  it("make one user where it must be confirmed, and all are answered alike", async () => {
    const project = await createTestProject({ email_confirmation: "required" });
    const replies = await signUpTogether(project, 20);
    expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([200]));
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(20);
    expect(new Set(replies.map(({ body }) => Object.keys(body).join())).size).toBe(1);
    expect(await project.sql("select count(*)::int as n from users")).toEqual([{ n: 1 }]);
    expect(await project.sql("select count(*)::int as n from identities")).toEqual([{ n: 1 }]);
  });
});
