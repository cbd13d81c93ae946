import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import { parseRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createAppRole } from "../support/app_role.ts";
import { newestMail } from "../support/outbox.ts";
import { calling } from "../support/own_names.ts";
import { type OwnServer, openProjectOn, startOwnServer } from "../support/own_server.ts";
import { hasModule } from "../support/postgres_binaries.ts";
import { freshEmail, type TestProject } from "../support/project.ts";

interface Secret {
  readonly what: string;
  readonly text: string;
}

const choice = inject("engine");
const [explains, counts] = ["auto_explain", "pg_stat_statements"].map(
  (name) => choice.kind === "postgres" && hasModule(choice.major, name),
);
/** A server that tells all it can: each statement, its plan with those inside of functions, each parameter. */
const talkative = {
  shared_preload_libraries: [explains && "auto_explain", counts && "pg_stat_statements"]
    .filter(Boolean)
    .join(),
  "auto_explain.log_min_duration": "0",
  "auto_explain.log_nested_statements": "on",
  "auto_explain.log_verbose": "on",
  "pg_stat_statements.track": "all",
};

let own: OwnServer;
let secrets: Secret[];
let log: string;

beforeAll(async () => {
  own = await openProjectOn(await startOwnServer({ settings: talkative }));
  const { project } = own;
  const { admin, keyring, masterKey, engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite keeps no log");
  await changeSettings(admin, project.id, {
    password_change: "current_password",
    mail_interval: 0,
  });
  const movedIn = "a secret of the customer's own, moved in with";
  await createProject(admin, { id: `${project.id}_in`, keyring, jwtSecret: movedIn });
  const pads = await project.sql<{ text: string }>(
    "select encode(p, 'hex') as text from database_keys, unnest(array[inner_pad, outer_pad]) as p",
  );
  secrets = [
    { what: "master key", text: masterKey },
    { what: "JWT secret", text: project.jwtSecret },
    { what: "JWT secret that was moved in", text: movedIn },
    ...pads.map(({ text }) => ({ what: "key of the database", text })),
  ];
  const keep = (session: SessionReply): SessionReply => {
    secrets.push({ what: "refresh token", text: session.refresh_token });
    secrets.push({ what: "signature", text: session.access_token.split(".")[2] ?? "" });
    return session;
  };
  const secret = (what: string) => (text: string) => {
    secrets.push({ what, text });
    return text;
  };
  await walk(project, keep, secret("password"), secret("mailed token"));
  log = await settledLog(engine.logFile);
  expect(secrets.length).toBeGreaterThan(20);
});
afterAll(() => own?.close());

/** A secret as a log could hold it: as text, and its bytes as Postgres and JavaScript print them. */
function spellings({ text }: Secret): string[] {
  const bytes = [Buffer.from(text, "utf8")];
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) bytes.push(Buffer.from(text, "base64url"));
  if (/^[0-9a-f]{64}$/.test(text)) bytes.push(Buffer.from(text, "hex"));
  return [text, ...bytes.flatMap((octets) => [octets.toString("hex"), octets.toString("base64")])];
}

/** Which secrets stand in a text. Not toContain: its failure would print the whole log. */
function found(text: string): string[] {
  return secrets
    .filter((secret) => spellings(secret).some((spelling) => text.includes(spelling)))
    .map(({ what }) => what);
}

describe("a Postgres that tells all it can (case 143)", () => {
  it("logs every statement, parameter and error, and no password, token or key", () => {
    expect(found(log)).toEqual([]);
    // The log is one that would show them: it holds what was sent in their place.
    for (const { what, text } of secrets.filter(({ what }) => / token$/.test(what))) {
      const hash = createHash("sha256").update(Buffer.from(text, "base64url")).digest("hex");
      expect(log.includes(hash), what).toBe(true);
    }
    expect(log).toMatch(/ERROR: .*users_user_metadata_size/);
    expect(log).toMatch(/ERROR: .*a scope is global/);
  });

  it.runIf(explains)("logs the plans of statements inside of functions as well", () => {
    expect(log).toMatch(/plan:\n\s+Query Text: .*refresh_tokens/);
  });

  it.runIf(counts)(
    "keeps statements without what was sent, and shows a role its own alone (case 124)",
    async () => {
      const { project } = own;
      const { engine } = project.service;
      await engine.query("create extension pg_stat_statements");
      const all = await engine.query<{ query: string }>("select query from pg_stat_statements");
      const text = all.map(({ query }) => query).join("\n");
      expect(text).toContain(`"${project.id}".${calling(project.id, "login")}`);
      expect(text).toMatch(/insert into refresh_tokens/);
      expect(found(text)).toEqual([]);

      const app = await createAppRole(project);
      const seen = await app.transaction((query) =>
        query<{ query: string }>(
          `select query from public.pg_stat_statements where userid <> current_user::regrole
         union all select query from pg_stat_activity where usename <> current_user`,
        ),
      );
      expect(seen.length).toBeGreaterThan(all.length / 2);
      expect(new Set(seen.map(({ query }) => query))).toEqual(
        new Set(["<insufficient privilege>"]),
      );
    },
  );
});

/** Sign-up, sign-in, refresh, changes, refusals, failures inside of functions, a reset, and removal. */
async function walk(
  project: TestProject,
  keep: (session: SessionReply) => SessionReply,
  password: (text: string) => string,
  mailed: (text: string) => string,
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

  await project.post("/reset", { email });
  const byMail = { token: mailed((await newestMail(project, email)).token), password: second };
  keep((await project.post<SessionReply>("/reset", byMail)).body);
  const { body } = await project.post<SessionReply>("/token", { email, password: second });
  const removal = {
    method: "DELETE",
    token: keep(body).access_token,
    body: { current_password: second },
  };
  expect((await project.request("/user", removal)).status).toBe(204);
}

/** The log once nothing more comes: a server writes it beside the answer, not before. */
async function settledLog(file: string): Promise<string> {
  let size = -1;
  while (size !== statSync(file).size) {
    size = statSync(file).size;
    await sleep(100);
  }
  return readFileSync(file, "utf8");
}
