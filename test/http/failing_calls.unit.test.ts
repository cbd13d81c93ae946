import { afterAll, describe, expect, it } from "vitest";
import type { TestProject } from "../support/project.ts";
import { routeTable } from "../support/routes.ts";
import { serviceToken } from "../support/service_token.ts";
import { stubService } from "../support/stub_database.ts";

const service = stubService();
const unhandled: unknown[] = [];
const remember = (reason: unknown) => unhandled.push(reason);
process.on("unhandledRejection", remember);
afterAll(async () => {
  process.off("unhandledRejection", remember);
  await service.auth.close();
});

const secret = "A".repeat(43);
const credentials = { email: "ada@example.com", password: "a perfectly fine phrase" };
// Between them, good enough for every route to ask the database.
const bodies = [
  { ...credentials, refresh_token: secret, type: "signup" },
  { token_hash: secret, type: "magiclink" },
  { token: secret, password: credentials.password },
];
// Of the database, once the project is known: a provider, a state or a setting comes first there.
const asksNothing = [
  "DELETE /user/identities/{id}",
  "GET /.well-known/jwks.json",
  "GET /authorize",
  "GET /callback",
  "GET /health",
  "GET /health/ready",
  "GET /openapi.json",
  "GET /settings",
  "GET /user/identities/authorize",
  "POST /callback",
];
const query = "?token=AAAA&type=magiclink&state=AAAA&code=AAAA";

async function ask(method: string, path: string, body: object | undefined, bearer: string | null) {
  const url = path.replace(/\{\w+\}/, "b7d1c1a2-6f0e-4a53-9f0a-0a5f3f6f9f10");
  const reply = await service.auth.fetch(
    new Request(service.authUrl + url + (body ? "" : query), {
      method,
      headers: {
        "Content-Type": "application/json",
        ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }),
  );
  return {
    status: reply.status,
    text: await reply.text(),
    location: reply.headers.get("Location"),
  };
}

describe("a database that throws whatever is called (case 153)", () => {
  it("leaves every route with a clean answer, and no rejection unhandled", async () => {
    const bearers = [service.token, serviceToken(service as unknown as TestProject), null];
    const failed = new Set<string>();
    for (const { method, path } of routeTable()) {
      for (const body of method === "GET" ? [undefined] : bodies) {
        for (const bearer of bearers) {
          const { status, text, location } = await ask(method, path, body, bearer);
          expect(`${text}${location}`).not.toMatch(/the stub has no answer|\.ts|node:/);
          if (status < 500) continue;
          failed.add(`${method} ${path}`);
          expect({ method, path, ...JSON.parse(text) }).toMatchObject({
            error_code: "unexpected_failure",
            msg: "Unexpected failure, please check server logs",
          });
        }
      }
    }
    const rest = routeTable().map(({ method, path }) => `${method} ${path}`);
    expect(rest.filter((route) => !failed.has(route)).sort()).toEqual(asksNothing);
    expect(unhandled).toEqual([]);
  });
});
