import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";
import { freshEmail, goodPassword, type RequestOptions } from "../support/project.ts";

let own: OwnServer;
let session: SessionReply;
const email = freshEmail();

beforeAll(async () => {
  own = await openOwnServer();
  session = await own.project.signUp({ email });
});
afterAll(() => own?.close());

async function health(path: string, auth: Auth): Promise<number> {
  return (await auth.fetch(new Request(`http://auth.test${path}`))).status;
}

/** Asks until the answer is no longer 503. */
async function afterOutage(path: string, options: RequestOptions) {
  for (;;) {
    const reply = await own.project.request(path, options);
    if (reply.status !== 503) return reply;
    await sleep(50);
  }
}

describe("while Postgres is away (case 186)", () => {
  it("every call is answered 503 with Retry-After, whatever it is", async () => {
    const { project, server } = own;
    const token = session.access_token;
    const { refresh_token } = session;
    const credentials = { email, password: goodPassword };
    await server.halt("immediate");

    const calls: [string, RequestOptions][] = [
      ["/user", { token }],
      ["/user", { method: "PATCH", token, body: { data: { a: 1 } } }],
      ["/user", { method: "DELETE", token }],
      ["/sessions", { token }],
      ["/logout", { method: "POST", token }],
      ["/logout", { method: "POST", body: { refresh_token } }],
      ["/refresh", { method: "POST", body: { refresh_token } }],
      ["/token", { method: "POST", body: credentials }],
      ["/signup", { method: "POST", body: { ...credentials, email: freshEmail() } }],
      ["/health/ready", {}],
    ];
    for (const [path, options] of calls) {
      const { status, headers, body } = await project.request(path, options);
      expect([path, status, body]).toEqual([
        path,
        503,
        expect.objectContaining({ error_code: "service_unavailable" }),
      ]);
      expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
    }
  });

  it("what needs no database is answered as ever (case 192)", async () => {
    const { project } = own;
    const { auth } = project.service;
    expect(await health("/health", auth)).toBe(200);
    expect(await health("/health/live", auth)).toBe(200);
    expect(await health("/health/ready", auth)).toBe(503);
    expect((await project.request("/user", { token: "a.b.c" })).status).toBe(401);
    expect((await project.request("/settings")).status).toBe(200);
    expect((await project.request("/health")).status).toBe(200);
  });

  it("a service that starts is alive and not ready, and knows no project as unknown (case 187)", async () => {
    const { project, server } = own;
    const { runtime, masterKey, publicUrl } = project.service;
    const auth = createAuth({ database: runtime, masterKey, publicUrl });
    expect(await health("/health/live", auth)).toBe(200);
    expect(await health("/health/ready", auth)).toBe(503);
    for (const path of ["/settings", "/user"]) {
      expect((await project.request(path, { auth })).status).toBe(503);
    }
    await server.start();
    while ((await health("/health/ready", auth)) !== 200) await sleep(50);
    expect((await project.request("/settings", { auth })).status).toBe(200);
    await auth.close();
  });
});

describe("when Postgres is back (case 186)", () => {
  it("the same process serves again, and nothing that was refused has happened", async () => {
    const { project } = own;
    const user = await afterOutage("/user", { token: session.access_token });
    expect(user.status).toBe(200);
    expect(user.body.user_metadata).not.toHaveProperty("a");
    const { refresh_token } = session;
    const refreshed = await project.post<SessionReply>("/refresh", { refresh_token });
    expect(refreshed.status).toBe(200);
    const signedIn = await project.post("/token", { email, password: goodPassword });
    expect(signedIn.status).toBe(200);
    expect(await project.sql("select count(*)::int from users")).toEqual([{ count: 1 }]);
  });
});
