import { beforeAll, describe, expect, it } from "vitest";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
const replies: [string, Reply][] = [];

beforeAll(async () => {
  project = await createTestProject();
  const email = freshEmail();
  const collect = async (name: string, reply: Promise<Reply>) => {
    const settled = await reply;
    replies.push([name, settled]);
    return settled;
  };
  const password = goodPassword;
  const signup = await collect("sign-up", project.post("/signup", { email, password }));
  await collect("sign-in", project.post("/token", { email, password }));
  await collect("a wrong password", project.post("/token", { email, password: "not this one" }));
  const refresh_token = signup.body.refresh_token;
  await collect("refresh", project.post("/refresh", { refresh_token }));
  const token = String(signup.body.access_token);
  await collect("the user", project.request("/user", { token }));
  await collect("the sessions", project.request("/sessions", { token }));
  await collect("no bearer", project.request("/user"));
  await collect("a bad bearer", project.request("/user", { token: "a.b.c" }));
  await collect("sign-out", project.post("/logout", undefined, { token }));
  await collect("no such path", project.request("/nothing"));
  await collect("bad JSON", project.post("/token", "{"));
  await collect("the settings", project.request("/settings"));
  await collect("health", project.request("/health"));
  await collect("the document", project.request("/openapi.json"));
  await collect("too large a body", project.post("/signup", "x".repeat(1024 * 1024 + 1)));
});

describe("the headers of every reply (case 159)", () => {
  it("keep it out of caches, frames, referrers and content sniffing", () => {
    expect(replies).toHaveLength(15);
    for (const [name, { headers }] of replies) {
      const relevant = [
        "Cache-Control",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "X-Frame-Options",
        "Content-Security-Policy",
        "Strict-Transport-Security",
      ].map((header) => headers.get(header));
      expect([name, ...relevant]).toEqual([
        name,
        "no-store",
        "nosniff",
        "no-referrer",
        "DENY",
        "default-src 'none'; frame-ancestors 'none'",
        expect.stringMatching(/^max-age=\d{8,}/),
      ]);
    }
  });

  it("name no product, no version and no cookie", () => {
    for (const [name, { headers }] of replies) {
      const banner = ["Server", "X-Powered-By", "Via", "Set-Cookie"].map((key) => headers.get(key));
      expect([name, ...banner]).toEqual([name, null, null, null, null]);
      expect([...headers].join()).not.toMatch(/hono|node|postgres|pglite/i);
    }
  });

  it("carry a request id that is not the client's", async () => {
    const ids = replies.map(([, { headers }]) => headers.get("X-Request-Id"));
    expect(new Set(ids).size).toBe(replies.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const mine = { "X-Request-Id": "mine" };
    const { headers } = await project.request("/settings", { headers: mine });
    expect(headers.get("X-Request-Id")).not.toBe("mine");
  });

  it("say JSON wherever there is a body", () => {
    for (const [name, { headers, body }] of replies) {
      const type = body === null ? null : "application/json";
      expect([name, headers.get("Content-Type")?.split(";")[0] ?? null]).toEqual([name, type]);
    }
  });

  it("let only the key set be cached", async () => {
    const { headers, body } = await project.request("/.well-known/jwks.json");
    expect(headers.get("Cache-Control")).toBe("public, max-age=600");
    expect(body).toEqual({ keys: [] });
  });

  it("leave versions out of the health reply, too", async () => {
    for (const path of ["/health", "/health/ready"]) {
      const { body } = await project.request(path);
      expect(Object.keys(body).sort()).toEqual(["description", "name"]);
      expect(JSON.stringify(body)).not.toMatch(/\d/);
    }
  });
});
