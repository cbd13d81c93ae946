import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const listed = "https://app.example.com";
const others = [
  "https://evil.example",
  "null",
  "https://sub.app.example.com",
  "https://app.example.com.evil.example",
  "https://evil-app.example.com",
  "http://app.example.com",
  "https://app.example.com:8443",
  "https://app.example.com/",
  "HTTPS://APP.EXAMPLE.COM",
  "*",
];
const loopback = [
  "http://localhost:3000",
  "https://localhost",
  "http://127.0.0.1:5173",
  "http://[::1]:8080",
];
const nearLoopback = [
  "http://localhost.evil.example",
  "http://localhost:3000.evil.example",
  "http://127.0.0.1.evil.example",
  "http://evil.example/localhost",
  "http://localhost:3000@evil.example",
];

let project: TestProject;
let bystander: TestProject;
let development: Auth;

beforeAll(async () => {
  project = await createTestProject({ cors_origins: [listed, "null", "*"] });
  bystander = await createTestProject();
  const { runtime, masterKey, publicUrl } = project.service;
  development = createAuth({ database: runtime, masterKey, publicUrl, allowLoopbackOrigins: true });
});
afterAll(() => development.close());

function preflight(of: TestProject, origin: string, auth?: Auth) {
  return of.request("/token", {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type,x-client-info,x-supabase-api-version",
    },
    ...(auth ? { auth } : {}),
  });
}

async function admitted(of: TestProject, origin: string, auth?: Auth): Promise<(string | null)[]> {
  const asked = await preflight(of, origin, auth);
  const read = await of.request("/settings", {
    headers: { Origin: origin },
    ...(auth ? { auth } : {}),
  });
  for (const { headers } of [asked, read]) {
    expect(headers.get("Access-Control-Allow-Credentials")).toBeNull();
    expect(headers.get("Vary")).toContain("Origin");
  }
  return [asked, read].map(({ headers }) => headers.get("Access-Control-Allow-Origin"));
}

describe("a page of another origin (case 154)", () => {
  it("is admitted when the project lists its origin, in preflight and in the reply", async () => {
    expect(await admitted(project, listed)).toEqual([listed, listed]);
    const { status, headers } = await preflight(project, listed);
    expect(status).toBe(204);
    expect(headers.get("Access-Control-Allow-Methods")).toBe("GET,POST,PUT,PATCH,DELETE");
    expect(headers.get("Access-Control-Max-Age")).toBe("600");
    const allowed = headers.get("Access-Control-Allow-Headers")?.toLowerCase().split(",");
    expect(allowed).toEqual(
      expect.arrayContaining([
        "authorization",
        "content-type",
        "apikey",
        "x-client-info",
        "x-supabase-api-version",
      ]),
    );
  });

  it("can read refusals, too", async () => {
    const { status, headers } = await project.request("/user", { headers: { Origin: listed } });
    expect(status).toBe(401);
    expect(headers.get("Access-Control-Allow-Origin")).toBe(listed);
    expect(headers.get("Access-Control-Expose-Headers")).toContain("Retry-After");
  });

  it.each(others)("is not admitted as %s: nothing is reflected", async (origin) => {
    expect(await admitted(project, origin)).toEqual([null, null]);
  });

  it("is not admitted by what another project lists", async () => {
    expect(await admitted(bystander, listed)).toEqual([null, null]);
  });

  it.each(loopback)("is admitted as %s in development alone", async (origin) => {
    expect(await admitted(project, origin)).toEqual([null, null]);
    expect(await admitted(project, origin, development)).toEqual([origin, origin]);
  });

  it.each(nearLoopback)("is not taken for a loopback origin as %s", async (origin) => {
    expect(await admitted(project, origin, development)).toEqual([null, null]);
  });

  it("learns nothing of a project that does not exist", async () => {
    const reply = await project.service.auth.fetch(
      new Request(`${project.service.publicUrl}/proj_none/user`, {
        method: "OPTIONS",
        headers: { Origin: listed },
      }),
    );
    expect(reply.status).toBe(404);
    expect(reply.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });
});
