import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuthError } from "../../src/errors.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { samples } from "../support/scrape.ts";
import { type StubService, stubService } from "../support/stub_database.ts";

let registry: Registry;
let service: StubService;

beforeEach(() => {
  registry = new Registry();
  service = stubService({ metrics: registry, hasher: quickHasher() });
});
afterEach(() => service.auth.close());

const requests = () => samples(registry, "miosa_auth_requests_total");

async function ask(path: string, init: RequestInit = {}): Promise<number> {
  const response = await service.auth.fetch(new Request(service.authUrl + path, init));
  await response.text();
  return response.status;
}

function signIn(password: string): Promise<number> {
  const body = JSON.stringify({ email: "ann@example.com", password });
  return ask("/token", { method: "POST", body, headers: { "Content-Type": "application/json" } });
}

const bearer = () => ({ headers: { Authorization: `Bearer ${service.token}` } });

describe("requests are counted", () => {
  it("by route, method, class of status and code, each once", async () => {
    service.answer("get_user", () => ({ outcome: null, user: { id: "1" } }));
    for (let request = 0; request < 3; request += 1) await ask("/user", bearer());
    await ask("/user");
    await ask("/signup", { method: "DELETE" });
    await ask("/health");
    expect(await requests()).toEqual([
      "route=/health,method=GET,status=2xx,code=: 1",
      "route=/user,method=GET,status=2xx,code=: 3",
      "route=/user,method=GET,status=4xx,code=no_authorization: 1",
      "route=unmatched,method=DELETE,status=4xx,code=not_found: 1",
    ]);
    const [count] = (await samples(registry, "miosa_auth_request_duration_seconds")).filter(
      (sample) => /^route=\/user,method=GET: 4$/.test(sample),
    );
    expect(count).toBeDefined();
  });

  it("under the template of a route, whatever stands in the path", async () => {
    for (const id of ["one", "two", "%22%0a%7b", "x".repeat(500)]) {
      await ask(`/user/identities/${id}`, { ...bearer(), method: "DELETE" });
    }
    const routes = (await requests()).map((sample) => sample.split(",")[0]);
    expect([...new Set(routes)]).toHaveLength(1);
    expect(routes[0]).toMatch(/^route=\/user\/identities\/[:{]/);
  });

  it("of a path or a method that is made up, together: no client can add a label", async () => {
    await ask("/user");
    const before = (await requests()).length;
    for (let one = 0; one < 50; one += 1) {
      await ask(`/nothing-${one}`, { method: "GET" });
      await ask(`/nothing-${one}`, { method: `BREW${one}` });
      await service.auth.fetch(new Request(`http://auth.test/proj_none${one}/user`));
    }
    expect((await requests()).filter((sample) => !sample.includes("no_authorization"))).toEqual([
      "route=/user,method=GET,status=4xx,code=project_not_found: 50",
      "route=unmatched,method=GET,status=4xx,code=not_found: 50",
      "route=unmatched,method=_OTHER,status=4xx,code=not_found: 50",
    ]);
    expect(before).toBe(1);
    expect(await registry.metrics()).not.toMatch(/proj_|nothing-|BREW/);
  });

  it("of a page that refuses, with the code that the page does not say", async () => {
    service.answer("password_salt", () => ({
      outcome: "over_request_rate_limit",
      retry_after: 60,
    }));
    const form = new URLSearchParams({ email: "ann@example.com", password: "a good phrase" });
    const status = await ask("/sign-in", {
      method: "POST",
      body: form,
      headers: { Origin: "http://auth.test", "Sec-Fetch-Site": "same-origin" },
    });
    expect(status).toBe(429);
    expect(await requests()).toEqual([
      "route=/sign-in,method=POST,status=4xx,code=over_request_rate_limit: 1",
    ]);
  });
});

describe("sign-ins and throttles are counted", () => {
  it("by how, and by what came of them", async () => {
    service.answer("password_salt", () => ({ outcome: "invalid_credentials" }));
    await signIn("a wrong phrase");
    await signIn("a wrong phrase");
    service.answer("password_salt", () => ({
      outcome: "over_request_rate_limit",
      retry_after: 60,
    }));
    await signIn("a wrong phrase");
    expect(await samples(registry, "miosa_auth_sign_ins_total")).toEqual([
      "by=password,outcome=invalid_credentials: 2",
      "by=password,outcome=over_request_rate_limit: 1",
    ]);
    expect(await samples(registry, "miosa_auth_throttled_total")).toEqual([
      "code=over_request_rate_limit: 1",
    ]);
  });
});

describe("what the service has no room for is counted", () => {
  it("hashes beside the queue, and calls that got no connection", async () => {
    const busy = () => {
      throw new AuthError("service_unavailable", { retryAfter: 1 });
    };
    service.answer("password_salt", busy);
    expect(await signIn("a good phrase")).toBe(503);
    expect(await samples(registry, "miosa_auth_call_failures_total")).toEqual([
      "database=0,reason=refused: 1",
    ]);
    expect(await samples(registry, "miosa_auth_hashes_refused_total")).toEqual([]);

    for (const refusal of [{ requireRoom: busy }, { hash: async () => busy() }]) {
      await service.auth.close();
      service = stubService({ metrics: registry, hasher: { ...quickHasher(), ...refusal } });
      service.answer("password_salt", () => ({ outcome: null, attempt: "1", salt: salt }));
      service.answer("return_attempt", () => ({ outcome: null, returned: true }));
      expect(await signIn("a good phrase")).toBe(503);
      expect(await samples(registry, "miosa_auth_hashes_refused_total")).toEqual([": 1"]);
    }
  });
});

const salt = `$2a$04$${"a".repeat(22)}`;

it("a service that was closed leaves nothing in the registry", async () => {
  await service.auth.close();
  expect(await registry.metrics()).toBe("\n");
  stubService({ metrics: registry });
  expect(await registry.metrics()).toContain("miosa_auth_requests_total");
});
