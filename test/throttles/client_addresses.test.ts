import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { type CountingService, openCountingService } from "../support/counting.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type RequestOptions,
  type TestProject,
} from "../support/project.ts";

/** Signs in at an address that nobody has, so that only the client's own address is used up. */
async function signIn(project: TestProject, options: RequestOptions): Promise<number> {
  const body = { email: freshEmail(), password: "not the password" };
  const reply = await project.post("/token", body, options);
  if (reply.status === 429) {
    expect(reply.body).toMatchObject({ error_code: "over_request_rate_limit" });
    const wait = Number(reply.headers.get("Retry-After"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(300);
  }
  return reply.status;
}

const from = (forwarded: string) => ({ headers: { "X-Forwarded-For": forwarded } });

describe("sign-ins from one client address", () => {
  let proxied: Auth;

  beforeAll(async () => {
    const { runtime, masterKey, publicUrl } = (await createTestProject()).service;
    const trustedProxies = ["10.0.0.0/8"];
    proxied = createAuth({ database: runtime, masterKey, publicUrl, trustedProxies });
  });
  afterAll(() => proxied.close());

  it("are limited, whatever X-Forwarded-For says, and others are not (case 16)", async () => {
    const project = await createTestProject({ logins_per_address: 2 });
    const address = "203.0.113.7";
    expect(await signIn(project, { address })).toBe(400);
    expect(await signIn(project, { address, ...from("198.51.100.1") })).toBe(400);
    for (const forwarded of ["198.51.100.2", "198.51.100.3, 10.0.0.1", "127.0.0.1"]) {
      expect(await signIn(project, { address, ...from(forwarded) })).toBe(429);
    }
    expect(await signIn(project, { address: "203.0.113.8" })).toBe(400);
    const { user } = await project.signUp();
    const right = { email: user.email, password: goodPassword };
    expect((await project.post("/token", right, { address })).status).toBe(429);
    expect((await project.post("/token", right)).status).toBe(200);
  });

  it("are one address in every spelling, and a /64 is one address (case 16)", async () => {
    const project = await createTestProject({ logins_per_address: 1 });
    const spellings = [
      ["203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109", "::FFFF:203.0.113.9"],
      ["2001:db8:2::1", "2001:DB8:2::1", "2001:db8:2:0:0:0:0:1", "2001:db8:2::ffff:1"],
    ];
    for (const [first, ...rest] of spellings) {
      expect(await signIn(project, { address: String(first) })).toBe(400);
      for (const address of rest) expect(await signIn(project, { address })).toBe(429);
    }
    expect(await signIn(project, { address: "2001:db8:2:1::1" })).toBe(400);
  });

  it("are told apart behind a proxy that is trusted, by what that proxy saw (case 16)", async () => {
    const project = await createTestProject({ logins_per_address: 1 });
    const behind = (forwarded: string) => ({
      auth: proxied,
      address: "10.0.0.1",
      ...from(forwarded),
    });
    expect(await signIn(project, behind("198.51.100.1"))).toBe(400);
    expect(await signIn(project, behind("198.51.100.2"))).toBe(400);
    for (const forged of [
      "198.51.100.1",
      "6.6.6.6, 198.51.100.1",
      "6.6.6.7,10.9.9.9, 198.51.100.1",
    ]) {
      expect(await signIn(project, behind(forged))).toBe(429);
    }
    const direct = { auth: proxied, address: "198.51.100.2", ...from("6.6.6.8") };
    expect(await signIn(project, direct)).toBe(429);
  });

  it("may go on when 5 minutes are over, and without a limit when it is set to 0", async () => {
    const project = await createTestProject({ logins_per_address: 1 });
    const address = "203.0.113.7";
    expect(await signIn(project, { address })).toBe(400);
    const age = (interval: string) =>
      project.sql("update request_rates set window_started_at = window_started_at - $1::interval", [
        interval,
      ]);
    await age("4 minutes");
    expect(await signIn(project, { address })).toBe(429);
    await age("1 minute");
    expect(await signIn(project, { address })).toBe(400);
    expect(await signIn(project, { address })).toBe(429);

    await project.sql("update settings set logins_per_address = 0");
    expect(await signIn(project, { address })).toBe(400);
  });

  it("leave the other limits as they are: 60 sign-ins and 100 sign-ups by default", async () => {
    const project = await createTestProject();
    expect(
      await project.sql("select logins_per_address, signups_per_address from settings"),
    ).toEqual([{ logins_per_address: 60, signups_per_address: 100 }]);
  });
});

describe("sign-ups from one client address", () => {
  let services: CountingService[];

  beforeAll(async () => {
    services = [await openCountingService(), await openCountingService()];
  });
  afterAll(() => Promise.all(services.map(({ auth }) => auth.close())));

  it("are refused before they cost a hash, and by every server together (case 14)", async () => {
    const project = await createTestProject({ signups_per_address: 2 });
    const signUp = ({ measure, auth }: CountingService, address: string) =>
      measure(project, async () => {
        const body = { email: freshEmail(), password: goodPassword };
        const reply = await project.post("/signup", body, { auth, address });
        return { status: reply.status, retryAfter: Number(reply.headers.get("Retry-After")) };
      });
    const [one, two] = services as [CountingService, CountingService];

    expect((await signUp(one, "2001:db8:2::1")).value.status).toBe(200);
    expect((await signUp(one, "2001:db8:2::2")).value.status).toBe(200);
    const refused = await signUp(one, "2001:db8:2::3");
    expect(refused).toMatchObject({ calls: [], hashes: [], value: { status: 429 } });
    expect(refused.value.retryAfter).toBeGreaterThan(0);

    // The other server has counted none of them, but SQL has.
    const elsewhere = await signUp(two, "2001:db8:2::4");
    expect(elsewhere).toMatchObject({ calls: ["signup"], value: { status: 429 } });
    expect(elsewhere.value.retryAfter).toBeGreaterThan(0);
    expect((await signUp(two, "2001:db8:2:1::1")).value.status).toBe(200);
    expect(await project.sql("select count(*)::int as n from users")).toEqual([{ n: 3 }]);
  });
});

describe("changes of password from one client address", () => {
  it("are counted like sign-ins, since they cost hashes (case 14)", async () => {
    const project = await createTestProject({ logins_per_address: 1, password_change: "any" });
    const { access_token: token } = await project.signUp();
    const change = (password: string) =>
      project.request("/user", {
        method: "PATCH",
        body: { password },
        token,
        address: "203.0.113.9",
      });
    expect((await change("a second fine phrase")).status).toBe(200);
    const refused = await change("a third fine phrase");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("Retry-After")).not.toBeNull();
  });
});
