import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/http/server.ts";
import { sendRaw } from "../support/raw_http.ts";
import { routeTable } from "../support/routes.ts";
import { stubService } from "../support/stub_database.ts";

const service = stubService();
service.answer("get_user", () => ({ outcome: null, user: { id: "the user" } }));
service.answer("list_sessions", () => ({ outcome: null, sessions: [] }));
let server: RunningServer;

beforeAll(async () => {
  server = await startServer({ fetch: service.auth.fetch, host: "127.0.0.1", port: 0 });
});
beforeEach(() => {
  service.calls.length = 0;
});
afterAll(async () => {
  await server.close(0);
  await service.auth.close();
});

const reading = ["find_project", "configuration", "get_user", "list_sessions"];
const paths = new Set(
  routeTable().map(({ path }) => path.replace(/\{\w+\}/, "b7d1c1a2-6f0e-4a53-9f0a-0a5f3f6f9f10")),
);
// A GET begins a flow here, for a browser that was led here; see the test of HEAD.
const startsFlow = ["/authorize", "/callback", "/reauthenticate", "/user/identities/authorize"];

function send(method: string, path: string, headers: string[] = [], body = "") {
  const lines = [
    `${method} /proj_stub${path} HTTP/1.1`,
    "Host: auth.test",
    `Authorization: Bearer ${service.token}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return sendRaw(server.port, `${lines.join("\r\n")}\r\n\r\n${body}`);
}

describe("a method that changes nothing (case 158)", () => {
  it.each(["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])(
    "calls no SQL function that writes, as %s on every path",
    async (method) => {
      const body = '{"email":"a@example.com","password":"long enough to be","refresh_token":"x"}';
      for (const path of paths) {
        if (method === "GET" && startsFlow.includes(path)) continue;
        const { status } = await send(method, path, ["Content-Type: application/json"], body);
        expect(status).toBeLessThan(500);
        expect(status).toBeGreaterThan(0);
      }
      expect(service.calls.filter((name) => !reading.includes(name))).toEqual([]);
    },
  );

  it.each(startsFlow)("finds nothing by HEAD at %s, where a GET acts", async (path) => {
    const { status } = await send("HEAD", `${path}?provider=google&state=x&code=y`);
    expect(status).toBe(404);
    expect(service.calls.filter((name) => !reading.includes(name))).toEqual([]);
  });

  it("reads by HEAD what GET reads, without a body", async () => {
    const { status, head, body } = await send("HEAD", "/user");
    expect([status, body]).toEqual([200, ""]);
    expect(head).toMatch(/^content-type: application\/json/im);
  });

  it("says nothing back as TRACE", async () => {
    const { status, body } = await send("TRACE", "/user", ["X-Needle: 4711"]);
    expect(status).toBe(404);
    expect(body).not.toContain("4711");
    expect(body).not.toContain(service.token);
  });

  it("does not become another by a header or a parameter", async () => {
    const overrides = [
      "X-HTTP-Method-Override: DELETE",
      "X-HTTP-Method: DELETE",
      "X-Method-Override: DELETE",
    ];
    expect((await send("GET", "/user?_method=DELETE", overrides)).status).toBe(200);
    expect((await send("POST", "/user?_method=DELETE", overrides)).status).toBe(404);
    expect(service.calls).toEqual(expect.arrayContaining(["get_user"]));
    expect(service.calls).not.toContain("delete_user");
  });

  it("ignores the body of a GET", async () => {
    const headers = ["Content-Type: application/json"];
    expect((await send("GET", "/user", headers, '{"broken":')).status).toBe(200);
  });

  it("is not there in another spelling", async () => {
    for (const method of ["get", "Get", "post", "delete"]) {
      expect((await send(method, "/user")).status).toBe(400);
    }
    expect(service.calls).toEqual([]);
  });

  it("is refused as 404 in the one format on a path of another method", async () => {
    for (const [method, path] of [
      ["POST", "/user"],
      ["GET", "/signup"],
      ["PUT", "/token"],
      ["DELETE", "/health"],
      ["PATCH", "/sessions"],
    ] as const) {
      const { status, body } = await send(method, path);
      expect([status, JSON.parse(body)]).toEqual([
        404,
        { code: 404, error_code: "not_found", msg: "There is nothing at this address" },
      ]);
    }
  });
});
