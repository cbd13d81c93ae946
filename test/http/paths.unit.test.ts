import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/http/server.ts";
import { sendRaw } from "../support/raw_http.ts";
import { routeTable } from "../support/routes.ts";
import { stubService } from "../support/stub_database.ts";

const service = stubService();
service.answer("get_user", () => ({ outcome: null, user: { id: "the user" } }));
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

/** Asks for a target as it is written, which `fetch` would tidy up first. */
async function get(target: string, ...headers: string[]) {
  const lines = [`GET ${target} HTTP/1.1`, "Host: auth.test", ...headers, "", ""];
  const { status, head, body } = await sendRaw(server.port, lines.join("\r\n"));
  return { status, head, body: JSON.parse(body) };
}

const bearer = () => `Authorization: Bearer ${service.token}`;
const onlyProject = ["find_project", "configuration"];

describe("a path that looks like a route (case 157)", () => {
  it("is the route in its canonical spelling, and wants a bearer", async () => {
    expect((await get("/proj_stub/user", bearer())).status).toBe(200);
    expect((await get("/proj_stub/user")).body.error_code).toBe("no_authorization");
  });

  it.each([
    "//proj_stub/user",
    "/proj_stub//user",
    "/proj_stub/User",
    "/proj_stub/USER",
    "/proj_stub/user/",
    "/proj_stub/user//",
    "/proj_stub/%75ser",
    "/proj_stub/us%65r",
    "/proj_stub/user;x",
    "/proj_stub/user;x=1",
    "/proj_stub/user%20",
    "/proj_stub/user%00",
    "/proj_stub/user%2f",
    "/proj_stub/user.json",
    "/proj_stub/x%2f..%2fuser",
    "/proj_stub/%252e%252e/user",
    "/proj_stub%2fuser",
    "/proj%5fstub/user",
    "/%70roj_stub/user",
    "/PROJ_STUB/user",
    "/proj_stub;x/user",
    "/proj_stub%00/user",
    "/proj_none/../proj_none/user",
    "/user",
    "/",
    "/proj_stub",
    "/proj_stub/",
  ])("is not there as %s, with a good bearer or without", async (target) => {
    for (const headers of [[], [bearer()]]) {
      const { status, body } = await get(target, ...headers);
      expect([status, typeof body.error_code]).toEqual([404, "string"]);
    }
    expect(service.calls).not.toContain("get_user");
  });

  it("is none of all routes in another spelling, and nothing is asked for it", async () => {
    for (const { method, path } of routeTable()) {
      const route = path.replace(/\{\w+\}/, "b7d1c1a2-6f0e-4a53-9f0a-0a5f3f6f9f10");
      const encoded = `/%${route.charCodeAt(1).toString(16)}${route.slice(2)}`;
      const spellings = [`/${route}`, route.toUpperCase(), `${route}/`, `${route};x`, encoded];
      for (const target of spellings) {
        const lines = [`${method} /proj_stub${target} HTTP/1.1`, "Host: auth.test", bearer()];
        const { status } = await sendRaw(server.port, `${lines.join("\r\n")}\r\n\r\n`);
        expect([method, target, status]).toEqual([method, target, 404]);
      }
    }
    expect(service.calls.filter((name) => !onlyProject.includes(name))).toEqual([]);
  });

  it.each([
    "/proj_stub/../admin/users",
    "/proj_stub/%2e%2e/admin/users",
    "/proj_stub/.%2E/admin/users",
    "/../admin/users",
    "/%2e%2e/admin/users",
    "/health/../proj_stub/admin",
  ])("leads nowhere else with dots, as %s", async (target) => {
    expect((await get(target, bearer())).status).toBe(404);
  });

  it.each([
    "/proj_stub/x/../user",
    "/proj_stub/x/%2e%2e/user",
    "/proj_none/../proj_stub/user",
    "/health/../proj_stub/user",
    "http://evil.example/proj_stub/user",
  ])("wants the bearer of the route that %s resolves to", async (target) => {
    expect((await get(target)).body.error_code).toBe("no_authorization");
    expect((await get(target, bearer())).status).toBe(200);
  });

  it.each(["/proj_stub\\user", "/\\proj_stub/user", "*", "ftp://x/proj_stub/user"])(
    "is refused in the one error format where it is no target at all: %s",
    async (target) => {
      const { status, body } = await get(target, bearer());
      expect([status, body.error_code]).toEqual([400, "validation_failed"]);
    },
  );

  it("does not take the project from anywhere but the path", async () => {
    const headers = [
      "X-Forwarded-Host: proj_stub.auth.test",
      "X-Original-URL: /proj_stub/user",
      "X-Rewrite-Url: /proj_stub/user",
      "Forwarded: host=proj_stub",
      bearer(),
    ];
    const { status, body } = await get("/proj_other/user", ...headers);
    expect([status, body.error_code]).toEqual([404, "project_not_found"]);
  });

  it("is refused with a Host that is none", async () => {
    for (const host of ["a b", "auth.test/proj_stub", "user@auth.test", "auth.test?x", "[::1"]) {
      const target = "GET /user HTTP/1.1";
      const reply = await sendRaw(server.port, `${target}\r\nHost: ${host}\r\n${bearer()}\r\n\r\n`);
      expect([reply.status, JSON.parse(reply.body).error_code]).toEqual([400, "validation_failed"]);
    }
    expect(service.calls).not.toContain("get_user");
  });
});
