import { beforeAll, describe, expect, it } from "vitest";
import {
  createTestProject,
  goodPassword,
  type RequestOptions,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;

beforeAll(async () => {
  project = await createTestProject({ logins_per_address: 1, signups_per_address: 1 });
});

const absent = "/../proj_none/user";
const refusals: [string, string, RequestOptions, number, string][] = [
  ["no project", absent, {}, 404, "project_not_found"],
  ["no path", "/nothing", {}, 404, "not_found"],
  ["another method's path", "/signup", {}, 404, "not_found"],
  ["no bearer", "/user", {}, 401, "no_authorization"],
  ["a bad bearer", "/user", { token: "a.b.c" }, 401, "bad_jwt"],
  ["bad JSON", "/token", { method: "POST", body: "{" }, 400, "bad_json"],
  [
    "a field of another type",
    "/token",
    { method: "POST", body: { email: 7 } },
    400,
    "validation_failed",
  ],
  ["a body that is no object", "/token", { method: "POST", body: [] }, 400, "validation_failed"],
  [
    "an unknown grant",
    "/token?grant_type=device",
    { method: "POST", body: {} },
    400,
    "invalid_credentials",
  ],
  ["an unknown scope", "/logout?scope=all", { method: "POST", body: {} }, 400, "validation_failed"],
  [
    "wrong credentials",
    "/token",
    { method: "POST", body: { email: "a@example.com", password: "x" } },
    400,
    "invalid_credentials",
  ],
  [
    "an unknown refresh token",
    "/refresh",
    { method: "POST", body: { refresh_token: "x" } },
    400,
    "refresh_token_not_found",
  ],
  [
    "no credentials at all",
    "/signup",
    { method: "POST", body: {} },
    422,
    "anonymous_provider_disabled",
  ],
  [
    "too large a body",
    "/signup",
    { method: "POST", body: "x".repeat(1024 * 1024 + 1) },
    413,
    "request_entity_too_large",
  ],
];

describe("a refusal (case 160)", () => {
  it.each(refusals)("has the one form for %s", async (_, path, options, status, code) => {
    const reply = await project.request(path, options);
    expect([reply.status, reply.body]).toEqual([
      status,
      { code: status, error_code: code, msg: expect.stringMatching(/^[^\n]{5,200}$/) },
    ]);
    expect(reply.headers.get("X-Supabase-Api-Version")).toBeNull();
  });

  it.each(refusals)(
    "has the form of GoTrue's clients for %s",
    async (_, path, options, status, code) => {
      const headers = { "X-Supabase-Api-Version": "2024-01-01" };
      const reply = await project.request(path, { ...options, headers });
      const asGotrue = code === "bad_jwt" ? 403 : status;
      expect([reply.status, reply.body]).toEqual([asGotrue, { code, message: expect.any(String) }]);
      expect(reply.headers.get("X-Supabase-Api-Version")).toBe("2024-01-01");
    },
  );

  it("says why a password is weak, in both forms", async () => {
    const body = { email: "b@example.com", password: "abc" };
    const plain = await project.post("/signup", body);
    expect(plain.body).toMatchObject({
      code: 422,
      error_code: "weak_password",
      weak_password: { reasons: ["length"] },
    });
    const headers = { "X-Supabase-Api-Version": "2024-01-01" };
    const versioned = await project.post("/signup", body, { headers });
    expect(versioned.body).toMatchObject({
      code: "weak_password",
      weak_password: { reasons: ["length"] },
    });
  });

  it("names Bearer where one is wanted (RFC 6750 section 3)", async () => {
    const { headers } = await project.request("/user");
    expect(headers.get("WWW-Authenticate")).toBe("Bearer");
  });

  it("quotes nothing of what was sent", async () => {
    const needle = "needle-4711";
    for (const body of [{ email: needle, password: needle }, { email: { [needle]: needle } }]) {
      const { body: refusal } = await project.post("/signup", body);
      expect(JSON.stringify(refusal)).not.toContain(needle);
    }
    const { body } = await project.request(`/${needle}?${needle}=${needle}`, { token: needle });
    expect(JSON.stringify(body)).not.toContain(needle);
  });
});

describe("a limit that was reached (case 161)", () => {
  it("says when to come back, in both forms", async () => {
    const address = "203.0.113.7";
    const credentials = { email: "c@example.com", password: "wrong but long enough" };
    for (const path of ["/token", "/signup"]) {
      const body = path === "/token" ? credentials : { ...credentials, password: goodPassword };
      await project.post(path, body, { address });
      for (const version of ["2024-01-01", ""]) {
        const headers = { "X-Supabase-Api-Version": version };
        const reply = await project.post(path, body, { address, headers });
        expect([path, reply.status]).toEqual([path, 429]);
        expect(JSON.stringify(reply.body)).toContain("over_request_rate_limit");
        expect(Number(reply.headers.get("Retry-After"))).toBeGreaterThan(0);
        expect(Number(reply.headers.get("Retry-After"))).toBeLessThanOrEqual(300);
      }
    }
  });
});
