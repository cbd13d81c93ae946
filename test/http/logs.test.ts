import { createHash } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

type Line = Record<string, unknown>;

const lines: string[] = [];
const email = freshEmail();
const wrongPassword = "wrong-needle-8c31";
const newPassword = "the next needle, also fine";
const address = "203.0.113.7";
const userAgent = "needle-agent/1";

let project: TestProject;
let auth: Auth;
let session: SessionReply;
let rotated: SessionReply;

const parsed = () => lines.map((line) => JSON.parse(line) as Line);

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

beforeAll(async () => {
  project = await createTestProject();
  const { runtime, masterKey, publicUrl } = project.service;
  const logger = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
  auth = createAuth({ database: runtime, masterKey, publicUrl, logger });

  const options = { auth, address, headers: { "User-Agent": userAgent } };
  const post = <T = unknown>(path: string, body: unknown, more = {}) =>
    project.post<T>(path, body, { ...options, ...more });
  const credentials = { email, password: goodPassword };
  session = (await post<SessionReply>("/signup", credentials)).body;
  await post("/signup", credentials);
  await post("/token", { ...credentials, password: wrongPassword });
  await post("/token?password=query-needle-11&access_token=query-needle-12", credentials);
  const { refresh_token } = session;
  rotated = (await post<SessionReply>("/refresh", { refresh_token })).body;
  const token = rotated.access_token;
  await project.request("/user", {
    ...options,
    token,
    method: "PATCH",
    body: { password: newPassword, data: { note: "metadata-needle-13" } },
  });
  await project.request("/user", { ...options, token: `${token}x` });
  await project.request("/user?token=query-needle-14", { ...options, token });
  await post("/token", `{"password":"${wrongPassword}`);
  // Now every call fails inside Postgres, whose driver knows the parameters.
  await project.sql("alter table users rename to users_gone");
  await post("/signup", { email: `also.${email}`, password: goodPassword });
  await post("/token", credentials);
  await post("/refresh", { refresh_token: rotated.refresh_token });
  await project.request("/user", { ...options, token });
});
afterAll(() => auth.close());

describe("the log of a run with sign-ups, sign-ins, refreshes and faults (cases 72, 143)", () => {
  it("holds no password, token, hash, key, address or query", async () => {
    const [row] = await project.sql<{ password_hash: string }>(
      "select password_hash from users_gone",
    );
    const secrets = {
      goodPassword,
      wrongPassword,
      newPassword,
      email,
      address,
      userAgent,
      accessToken: session.access_token,
      signature: session.access_token.split(".")[2],
      refreshToken: session.refresh_token,
      secondRefreshToken: rotated.refresh_token,
      passwordHash: row?.password_hash,
      bcrypt: "$2a$",
      jwtSecret: project.jwtSecret,
      masterKey: project.service.masterKey,
      needle: "needle",
    };
    const log = lines.join("");
    for (const [name, secret] of Object.entries(secrets)) {
      expect(typeof secret).toBe("string");
      expect([name, log.includes(String(secret))]).toEqual([name, false]);
    }
    for (const token of [session.refresh_token, rotated.refresh_token]) {
      for (const encoding of ["hex", "base64", "base64url"] as const) {
        expect(log).not.toContain(sha256(token).toString(encoding));
      }
    }
  });

  it("holds no SQL and no words of the engine", () => {
    expect(lines.join("")).not.toMatch(/select |insert |relation|does not exist|"params"|"query"/i);
  });

  it("has one line for each request: where, what came of it, and how long it took", () => {
    const requests = parsed().filter(({ msg }) => msg === "request");
    expect(requests).toHaveLength(13);
    for (const line of requests) {
      expect(line).toMatchObject({
        level: 30,
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        project: project.id,
        method: expect.stringMatching(/^(GET|POST|PATCH)$/),
        route: expect.stringMatching(/^\/(signup|token|refresh|user)$/),
        status: expect.any(Number),
        ms: expect.any(Number),
      });
    }
  });

  it("has a line for each fault, with the request's id, the SQLSTATE and where it was", () => {
    const faults = parsed().filter(({ level }) => level === 50);
    expect(faults).toHaveLength(4);
    const ids = parsed()
      .filter(({ msg, status }) => msg === "request" && status === 500)
      .map(({ requestId }) => requestId);
    expect(faults.map(({ requestId }) => requestId)).toEqual(ids);
    for (const fault of faults) {
      expect(fault).toMatchObject({
        msg: "request failed",
        code: "unexpected_failure",
        database: { sqlstate: "42P01" },
        error: "DatabaseError",
        stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
      });
    }
  });

  it("is found by the id that the client was given", async () => {
    const { headers } = await project.request("/settings", { auth });
    const line = parsed().find(({ requestId }) => requestId === headers.get("X-Request-Id"));
    expect(line).toMatchObject({ route: "/settings", status: 200 });
  });

  it("takes no line break from a path", async () => {
    const before = lines.length;
    const url = `${project.authUrl}/x%0a%7b%22level%22:60%7d\u2028`;
    await auth.fetch(new Request(url));
    expect(lines.slice(before).join("").trim().split("\n")).toHaveLength(1);
    expect(lines.at(-1)).not.toContain("\u2028");
  });
});
