import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { contentsOf } from "../support/contents.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";
import { freshEmail, goodPassword, type RequestOptions } from "../support/project.ts";

const email = freshEmail();
let own: OwnServer;
let session: SessionReply;

beforeAll(async () => {
  own = await openOwnServer();
  session = await own.project.signUp({ email });
});
afterAll(() => own?.close());

/** As a standby is, or a server that a provider has set so because its disk is full. */
async function setReadOnly(isReadOnly: boolean): Promise<void> {
  const { runtime } = own.project.service;
  const client = new pg.Client({ connectionString: own.server.url() });
  await client.connect();
  await client.query("set default_transaction_read_only = off");
  await client.query(
    `alter system set default_transaction_read_only = ${isReadOnly ? "on" : "off"}`,
  );
  await client.query("select pg_reload_conf()");
  await client.end();
  const isSeen = () =>
    runtime.transaction(async (tx) => {
      const [row] = await tx.query<{ on: string }>(
        `select current_setting('default_transaction_read_only') as "on"`,
      );
      return row?.on === (isReadOnly ? "on" : "off");
    });
  while (!(await isSeen()));
}

describe("a Postgres that may only be read (case 197)", () => {
  it("is 503 for what would write, still answers who a token's user is, and nothing is half done", async () => {
    const { project } = own;
    const { access_token: token, refresh_token } = session;
    const credentials = { email, password: goodPassword };
    const before = await contentsOf(project);
    await setReadOnly(true);

    const writing: [string, RequestOptions][] = [
      ["/token", { method: "POST", body: credentials }],
      ["/token", { method: "POST", body: { ...credentials, password: "not the password" } }],
      ["/refresh", { method: "POST", body: { refresh_token } }],
      ["/signup", { method: "POST", body: { ...credentials, email: freshEmail() } }],
      ["/reset", { method: "POST", body: { email } }],
      ["/logout", { method: "POST", token }],
      ["/user", { method: "PATCH", token, body: { data: { a: 1 } } }],
      ["/user", { method: "DELETE", token }],
    ];
    for (const [path, options] of writing) {
      const { status, headers, body } = await project.request(path, options);
      expect([path, status, body.error_code]).toEqual([path, 503, "service_unavailable"]);
      expect(headers.get("Retry-After")).toBe("1");
    }
    for (const path of ["/user", "/sessions", "/health/ready"]) {
      expect([path, (await project.request(path, { token })).status]).toEqual([path, 200]);
    }
    expect(await contentsOf(project)).toEqual(before);

    await setReadOnly(false);
    expect((await project.post("/refresh", { refresh_token })).status).toBe(200);
    expect((await project.post("/token", credentials)).status).toBe(200);
  });
});
