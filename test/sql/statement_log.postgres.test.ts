import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { parseRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createTestProject, freshEmail, type TestProject } from "../support/project.ts";

interface Secret {
  readonly what: string;
  readonly text: string;
}

/** A secret as a log could hold it: as text, and its bytes as Postgres and JavaScript print them. */
function spellings({ text }: Secret): string[] {
  const bytes = [Buffer.from(text, "utf8")];
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) bytes.push(Buffer.from(text, "base64url"));
  if (/^[0-9a-f]{64}$/.test(text)) bytes.push(Buffer.from(text, "hex"));
  return [text, ...bytes.flatMap((octets) => [octets.toString("hex"), octets.toString("base64")])];
}

it("a Postgres that logs every statement, parameter and error holds no password, token or key (case 143)", async () => {
  const project = await createTestProject({ password_change: "current_password" });
  const { engine, admin, keyring, masterKey } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite keeps no log");
  const start = statSync(engine.logFile).size;

  const movedIn = "a secret of the customer's own, moved in with";
  await createProject(admin, { id: `${project.id}_in`, keyring, jwtSecret: movedIn });
  const secrets: Secret[] = [
    { what: "master key", text: masterKey },
    { what: "JWT secret", text: project.jwtSecret },
    { what: "JWT secret that was moved in", text: movedIn },
  ];
  const keep = (session: SessionReply): SessionReply => {
    secrets.push({ what: "refresh token", text: session.refresh_token });
    secrets.push({ what: "signature", text: session.access_token.split(".")[2] ?? "" });
    return session;
  };
  const password = (text: string): string => {
    secrets.push({ what: "password", text });
    return text;
  };
  await walk(project, keep, password);

  const log = await settledLog(engine.logFile, start);
  // The log is one that would show them: it holds what was sent in their place.
  expect(log).toContain(project.id);
  for (const { what, text } of secrets.filter((secret) => secret.what === "refresh token")) {
    const hash = createHash("sha256").update(Buffer.from(text, "base64url")).digest("hex");
    expect(log.includes(hash), what).toBe(true);
  }
  expect(log).toMatch(/ERROR: .*users_user_metadata_size/);
  expect(log).toMatch(/ERROR: .*a scope is global/);

  expect(secrets.length).toBeGreaterThan(15);
  for (const secret of secrets) {
    for (const spelling of spellings(secret)) {
      // Not toContain: its failure would print the whole log.
      expect({ what: secret.what, logged: log.includes(spelling) }).toEqual({
        what: secret.what,
        logged: false,
      });
    }
  }
});

/** Sign-up, sign-in, refresh, changes, refusals, failures inside of functions, and removal. */
async function walk(
  project: TestProject,
  keep: (session: SessionReply) => SessionReply,
  password: (text: string) => string,
): Promise<void> {
  const email = freshEmail();
  const first = password("first passphrase of mine");
  const second = password("second passphrase of mine");
  const long = password(`a long passphrase ${"x".repeat(90)}`);
  const { access_token: token, refresh_token } = keep(
    await project.signUp({ email, password: first }),
  );
  keep((await project.post<SessionReply>("/token", { email, password: first })).body);
  keep((await project.post<SessionReply>("/refresh", { refresh_token })).body);

  const patch = (body: object) => project.request("/user", { method: "PATCH", token, body });
  const wrong = password("some wrong passphrase");
  expect((await project.post("/token", { email, password: wrong })).status).toBe(400);
  expect((await patch({ password: second, current_password: wrong })).status).toBe(400);
  expect((await patch({ password: second, current_password: first })).status).toBe(200);
  expect((await patch({ password: long, current_password: second })).status).toBe(200);

  // Failures inside of functions, where Postgres logs the call with its parameters.
  const huge = { big: "x".repeat(3000) };
  const failed = {
    email: freshEmail(),
    password: password("passphrase of a sign-up that fails"),
    data: huge,
  };
  expect((await project.post("/signup", failed)).status).toBe(400);
  expect(
    (
      await patch({
        data: huge,
        password: password("passphrase of a failing change"),
        current_password: long,
      })
    ).status,
  ).toBe(400);
  const { hash } = parseRefreshToken(refresh_token) ?? { hash: null };
  const functions = projectFunctions(project.service.runtime, project.id);
  const client = { address: null, userAgent: null };
  await expect(
    functions.logout({ sessionId: null, tokenHash: hash, scope: "none", client }),
  ).rejects.toMatchObject({ code: "validation_failed" });

  keep((await project.post<SessionReply>("/token", { email, password: long })).body);
  const removal = { method: "DELETE", token, body: { current_password: long } };
  expect((await project.request("/user", removal)).status).toBe(204);
}

/** The log once nothing more comes: a server writes it beside the answer, not before. */
async function settledLog(file: string, start: number): Promise<string> {
  let size = -1;
  while (size !== statSync(file).size) {
    size = statSync(file).size;
    await sleep(100);
  }
  return readFileSync(file).subarray(start).toString("utf8");
}
