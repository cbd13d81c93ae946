import { readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quoteIdentifier } from "../../src/database/identifiers.ts";
import { listUsers } from "../../src/users/list.ts";
import { showUser } from "../../src/users/manage.ts";
import { refusal, transactionAs } from "../support/app_role.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Query,
  type TestProject,
} from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";
import { asOwner } from "./calls/shared.ts";

const texts = [
  "'",
  '"',
  "$$",
  "$1",
  "\\",
  "\\'; select 1; --",
  "%",
  "%s%I%L",
  ";--",
  "'; drop table users; --",
  "' or ''='",
  "\u2019",
  "\u02bc; drop table users; --",
  "/*",
  "E'\\x27'",
  "\u202e",
  "\u{1f600}",
];

let project: TestProject;
let token: string;
let backend: string;
let sessionId: string;
let logStart = 0;

beforeAll(async () => {
  project = await createTestProject({ mail_interval: 0, mails_per_address: 0 });
  const session = await project.signUp();
  token = session.access_token;
  backend = serviceToken(project);
  const [row] = await project.sql<{ id: string }>("select id from sessions");
  sessionId = row?.id ?? "";
  const { engine } = project.service;
  if (engine.kind === "postgres") logStart = statSync(engine.logFile).size;
});

/** What Postgres complained about since the file began, where it keeps a log. */
function complaints(): string[] {
  const { engine } = project.service;
  if (engine.kind !== "postgres") return [];
  const log = readFileSync(engine.logFile).subarray(logStart).toString("utf8");
  return log.match(/.*(syntax error|unterminated|invalid byte sequence|does not exist).*/gi) ?? [];
}

afterAll(async () => {
  expect(complaints()).toEqual([]);
  expect((await project.request("/user", { token })).status).toBe(200);
});

interface Attempt {
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

/** Each place over HTTP where a caller's text can go. */
function attempts(text: string): Attempt[] {
  const encoded = encodeURIComponent(text);
  // A header holds bytes; what is more than that is sent as UTF-8, as browsers and curl do.
  const header = Buffer.from(text, "utf8").toString("latin1");
  const email = freshEmail();
  const post = (path: string, body: unknown) => ({ path, method: "POST", body });
  return [
    post("/signup", { email: text, password: goodPassword }),
    post("/signup", { email: `${text}@example.com`, password: goodPassword }),
    post("/signup", { email, password: text }),
    post("/token", { email: text, password: goodPassword }),
    post("/token", { email: `a${text}@example.com`, password: goodPassword }),
    post("/token?grant_type=refresh_token", { refresh_token: text }),
    post(`/token?grant_type=${encoded}`, { email, password: goodPassword }),
    post("/refresh", { refresh_token: text }),
    post("/token?grant_type=id_token", { provider: text, id_token: text, nonce: text }),
    post("/token?grant_type=id_token", { client_id: text, issuer: text, id_token: text }),
    { path: `/authorize?provider=${encoded}&redirect_to=${encoded}&scopes=${encoded}` },
    { path: `/authorize?flow=${encoded}` },
    { path: `/callback?state=${encoded}&code=${encoded}`, headers: { Cookie: `a=${header}` } },
    { path: `/user/identities/authorize?provider=${encoded}`, token },
    { path: `/user/identities/${encoded}`, method: "DELETE", token },
    ...["/reset", "/recover", "/magiclink", "/otp", "/resend", "/invite"].flatMap((path) => [
      { ...post(path, { email: `a${text}@example.com`, type: text }), token: backend },
      {
        ...post(path, { email, type: "signup", redirect_to: text, data: { text } }),
        token: backend,
      },
    ]),
    post("/reset", { token: text, password: goodPassword }),
    post("/reset", { email, code: text, password: goodPassword }),
    post("/verify", { type: text, token_hash: text }),
    post("/verify", { type: "magiclink", email, token: text }),
    post("/token?grant_type=pkce", { auth_code: text, code_verifier: text }),
    post("/logout", { refresh_token: text }),
    { path: `/logout?scope=${encoded}`, method: "POST", token },
    { path: `/sessions/${encoded}`, method: "DELETE", token },
    { path: "/user", token: header },
    { path: "/user", token, headers: { "User-Agent": header, "X-Forwarded-For": header } },
    { path: "/user", method: "PATCH", token, body: { email: text } },
    { path: "/user", method: "PATCH", token, body: { password: text } },
    { path: "/user", method: "PATCH", token, body: { current_password: text, data: {} } },
  ];
}

function tell({ path, method = "GET", body }: Attempt): string {
  return `${method} ${path} ${JSON.stringify(body)}`;
}

describe("a text that would mean something to SQL (case 142)", () => {
  it.each(texts)("is a text to every endpoint: %j", async (text) => {
    for (const attempt of attempts(text)) {
      const { status, body } = await project.request<object | null>(attempt.path, attempt);
      expect(status, tell(attempt)).toBeLessThan(500);
      // Nothing of Postgres reaches a client (case 144).
      expect(JSON.stringify(body) ?? "", tell(attempt)).not.toMatch(
        /syntax|relation|column|constraint|sqlstate|plpgsql|users_|CONTEXT|DETAIL|HINT|\b(22|23|42)[0-9P]\w{2}\b/,
      );
    }
  });

  it("is kept as it is where a user may write what it likes", async () => {
    const data = Object.fromEntries(texts.map((text) => [text, [text, { [text]: text }]]));
    const reply = await project.request<{ user_metadata: object }>("/user", {
      method: "PATCH",
      token,
      body: { data },
      headers: { "User-Agent": "'; drop table users; --" },
    });
    expect(reply.status).toBe(200);
    expect(reply.body.user_metadata).toEqual(data);
    expect((await project.request("/user", { token })).body).toMatchObject({ user_metadata: data });
  });

  it("is refused when it is not text at all: bytes that are no UTF-8, half a surrogate pair, U+0000", async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"email":"a'),
      Buffer.from([0xc0, 0x27, 0xff]),
      Buffer.from('@b.test","password":"long enough"}'),
    ]);
    const raw = await project.service.auth.fetch(
      new Request(`${project.authUrl}/signup`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: bytes,
      }),
    );
    expect(raw.status).toBe(400);
    for (const half of ["\\ud800", "\\udc00", "\\u0000", "a\\ud83dz"]) {
      for (const body of [
        `{"email":"${half}@example.com","password":"${goodPassword}"}`,
        `{"email":"a@example.com","password":"${half} and more letters"}`,
        `{"email":"a@example.com","password":"${goodPassword}","data":{"a":"${half}"}}`,
        `{"email":"a@example.com","password":"${goodPassword}","data":{"${half}":1}}`,
      ]) {
        expect((await project.post("/signup", body)).status, body).toBe(400);
      }
    }
  });

  it("is a text to every text parameter of every function that the server calls", async () => {
    const functions = await project.sql<SqlFunction>(
      `select pronamespace::regnamespace::text as schema, proname::text as name,
         proargtypes::regtype[]::text[] as types from pg_proc
       where pronamespace in ($1::regnamespace, 'miosa_auth'::regnamespace)
         and has_function_privilege('miosa_auth_runtime', oid, 'execute')`,
      [project.id],
    );
    expect(new Set(functions.map(({ schema }) => schema)).size).toBe(2);
    const { engine, runtimeRole } = project.service;
    const runtime = engine.kind === "postgres" ? runtimeRole : "miosa_auth_runtime";
    await transactionAs(project, runtime, async (query) => {
      expect(await callWithTexts(query, functions)).toBeGreaterThan(10 * texts.length);
      await query("rollback");
    });
  });

  it("is a text to every text parameter of every function that administrators call about users", async () => {
    const functions = await project.sql<SqlFunction>(
      `select pronamespace::regnamespace::text as schema, proname::text as name,
         proargtypes::regtype[]::text[] as types from pg_proc
       where pronamespace = $1::regnamespace and proname ~ '^admin_'`,
      [project.id],
    );
    expect(functions.length).toBeGreaterThanOrEqual(7);
    await project.transaction(async (query) => {
      await asOwner(query, project.id);
      expect(await callWithTexts(query, functions)).toBeGreaterThanOrEqual(9 * texts.length);
      await query("rollback");
    });
  });

  it("names no user to an administrator, and is searched for as it is", async () => {
    const { admin } = project.service;
    for (const text of texts) {
      await expect(showUser(admin, project.id, text), text).rejects.toMatchObject({
        code: "validation_failed",
      });
      const { users } = await listUsers(admin, project.id, { filter: text });
      for (const { email } of users) expect(email).toContain(text.toLowerCase());
      await expect(listUsers(admin, project.id, { after: text }), text).rejects.toMatchObject({
        code: "validation_failed",
      });
    }
  });
});

type SqlFunction = {
  readonly schema: string;
  readonly name: string;
  readonly types: readonly string[];
};

/** Calls each function with each text in the place of each of its texts; how many calls that were. */
async function callWithTexts(query: Query, functions: readonly SqlFunction[]): Promise<number> {
  let calls = 0;
  for (const { schema, name, types } of functions) {
    for (const [place, type] of types.entries()) {
      if (type !== "text") continue;
      for (const text of texts) {
        const values = types.map((other, index) => (index === place ? text : filler(other)));
        const list = types.map((other, index) => `$${index + 1}::${other}`).join(", ");
        const call = `select ${quoteIdentifier(schema)}.${name}(${list})`;
        const code = await refusal(query, call, values);
        // A value that a constraint or the function itself refuses; never a statement that broke.
        expect(code ?? "MA901", `${call} with ${JSON.stringify(text)}`).toMatch(/^(MA901|23514)$/);
        calls += 1;
      }
    }
  }
  return calls;
}

function filler(type: string): unknown {
  switch (type) {
    case "uuid":
      return sessionId;
    case "bytea":
      return Buffer.alloc(32);
    case "boolean":
      return true;
    case "text":
      return "some.text@example.com";
    default:
      return null;
  }
}
