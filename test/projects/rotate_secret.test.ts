import { beforeAll, describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import { readEnvironment } from "../../src/projects/environment.ts";
import {
  activateNextSecret,
  publishNextSecret,
  replaceSecretNow,
} from "../../src/projects/rotate_secret.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf as grantedClaims, identityOf } from "../support/access_tokens.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { claimsOf, craftToken, headerOf } from "../support/jwt.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { freshServer } from "../support/signing_keys.ts";

let project: TestProject;
let session: SessionReply;
beforeAll(async () => {
  project = await createTestProject();
  session = await project.signUp();
});

function rotation() {
  return { admin: project.service.admin, id: project.id, keyring: project.service.keyring };
}

function publish(options: { jwtSecret?: string; replaces?: boolean } = {}) {
  const { admin, id, keyring } = rotation();
  return publishNextSecret(admin, id, { keyring, ...options });
}

function activate(overlap?: number) {
  const { admin, id, keyring } = rotation();
  return activateNextSecret(admin, id, overlap === undefined ? { keyring } : { keyring, overlap });
}

/** Runs `work` with a server that has nothing cached yet. */
async function afresh<T>(work: (auth: Auth) => Promise<T>): Promise<T> {
  const auth = await freshServer();
  try {
    return await work(auth);
  } finally {
    await auth.close();
  }
}

function statuses(...tokens: string[]): Promise<number[]> {
  return afresh((auth) =>
    Promise.all(
      tokens.map(async (token) => (await project.request("/user", { token, auth })).status),
    ),
  );
}

async function refreshed(): Promise<SessionReply> {
  const { refresh_token } = session;
  const { status, body } = await afresh((auth) =>
    project.post<SessionReply>("/refresh", { refresh_token }, { auth }),
  );
  expect(status).toBe(200);
  session = body;
  return body;
}

async function printedSecret(): Promise<string> {
  const { admin, id, keyring } = rotation();
  return (await readEnvironment(admin, id, keyring, "http://auth.test")).AUTH_JWT_SECRET;
}

async function nextKid(): Promise<unknown> {
  const [row] = await project.sql("select kid from jwt_keys where state = 'next'");
  return row?.kid;
}

function signed(token: string, kid: unknown, secret: string): string {
  const header = { alg: "HS256", typ: "JWT", kid };
  return craftToken({ header, payload: claimsOf(token), sign: secret });
}

describe("rotating a project's secret in steps (case 55)", () => {
  let next: string;
  let old: string;

  it("publishes one that verifies already and does not sign yet", async () => {
    old = session.access_token;
    next = (await publish()).AUTH_JWT_SECRET_NEXT;
    expect(next).toMatch(/^[0-9a-f]{64}$/);
    expect(await statuses(old, signed(old, await nextKid(), next))).toEqual([200, 200]);
    const { access_token } = await refreshed();
    expect(headerOf(access_token).kid).toBe(headerOf(old).kid);
    expect(await printedSecret()).toBe(project.jwtSecret);
  });

  it("refuses to publish another while it waits, unless told to replace it", async () => {
    await expect(publish()).rejects.toMatchObject({ code: "conflict" });
    const given = signed(old, await nextKid(), next);
    expect(await statuses(given)).toEqual([200]);
    const own = "a secret of our own with more than 32 bytes";
    expect(await publish({ replaces: true, jwtSecret: own })).toEqual({
      AUTH_JWT_SECRET_NEXT: own,
    });
    expect(await statuses(given)).toEqual([401]);
    next = own;
  });

  it("signs with it from the activation on, and accepts the old one until the overlap is over", async () => {
    const before = Date.now();
    const activated = await activate(7200);
    expect(activated.AUTH_JWT_SECRET).toBe(next);
    expect(await printedSecret()).toBe(next);
    const overlap = Date.parse(activated.accepted_until) - before;
    expect(overlap).toBeGreaterThan(7_100_000);
    expect(overlap).toBeLessThan(7_300_000);

    const renewed = (await refreshed()).access_token;
    expect(headerOf(renewed).kid).not.toBe(headerOf(old).kid);
    expect(await statuses(old, renewed)).toEqual([200, 200]);
    await project.sql(
      "update jwt_keys set accepted_until = accepted_until - interval '2 hours 1 minute'",
    );
    expect(await statuses(old, renewed)).toEqual([401, 200]);
  });

  it("has nothing to activate then, and forgets retired keys at the next activation", async () => {
    await expect(activate()).rejects.toMatchObject({ code: "validation_failed" });
    await publish();
    await activate();
    const states = await project.sql("select state from jwt_keys order by state");
    expect(states).toEqual([{ state: "active" }, { state: "retired" }]);
  });

  it("writes down who did what, and no secret", async () => {
    const events = await project.sql<{ event: string; by: string; detail: string }>(
      `select event, detail ->> 'by' as by, detail::text from audit_log
       where event like 'jwt_key%' order by id`,
    );
    expect(events.map(({ event }) => event)).toEqual([
      "jwt_key_published",
      "jwt_key_published",
      "jwt_key_activated",
      "jwt_key_published",
      "jwt_key_activated",
    ]);
    expect(events.every(({ by }) => by !== "" && by !== null)).toBe(true);
    expect(JSON.stringify(events)).not.toContain(next);
  });
});

describe("what a rotation refuses, and leaves all as it was", () => {
  it.each([
    ["a secret under 32 bytes", { jwtSecret: "x".repeat(31) }],
    ["a secret that is none", { jwtSecret: "" }],
  ])("%s", async (_, options) => {
    const before = await project.sql("select kid, state from jwt_keys order by kid");
    await expect(publish(options)).rejects.toMatchObject({ code: "validation_failed" });
    expect(await project.sql("select kid, state from jwt_keys order by kid")).toEqual(before);
  });

  it("the secret that it has, a keyring that is not the servers', an overlap without end", async () => {
    const { admin, id } = rotation();
    const before = await project.sql("select kid, state from jwt_keys order by kid");
    const jwtSecret = await printedSecret();
    const keyring = parseKeyring(generateMasterKey());
    for (const attempt of [
      () => publish({ jwtSecret }),
      () => replaceSecretNow(admin, id, { keyring: rotation().keyring, jwtSecret }),
      () => publishNextSecret(admin, id, { keyring }),
      () => replaceSecretNow(admin, id, { keyring }),
      () => activate(-1),
      () => activate(1.5),
      () => activate(10 ** 9),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: "validation_failed" });
    }
    expect(await project.sql("select kid, state from jwt_keys order by kid")).toEqual(before);
  });
});

describe("replacing the secret at once after a leak (case 55)", () => {
  let app: AppRole;
  beforeAll(async () => {
    app = await createAppRole(project);
  });

  const identity = (token: string) => app.transaction((query) => identityOf(query, project, token));

  it("refuses every older token, in the servers and in policies, and keeps users signed in", async () => {
    await publish();
    const old = (await refreshed()).access_token;
    const { sub } = grantedClaims(old);
    expect(await identity(old)).toEqual({ verified: sub, live: sub });
    const waiting = await nextKid();

    const leaked = await printedSecret();
    const { admin, id, keyring } = rotation();
    const { AUTH_JWT_SECRET: secret } = await replaceSecretNow(admin, id, { keyring });
    expect(await printedSecret()).toBe(secret);
    expect(await nextKid()).toBeUndefined();
    expect(waiting).toBeDefined();

    // What the thief of the old secret holds, and what the thief could still make of it.
    const [key] = await project.sql<{ kid: string }>("select kid from jwt_keys");
    const forged = signed(old, key?.kid, leaked);
    expect(await statuses(old, forged)).toEqual([401, 401]);
    expect(await identity(old)).toEqual({ verified: null, live: null });
    expect(await identity(signed(old, key?.kid, secret))).toEqual({ verified: null, live: null });

    const renewed = (await refreshed()).access_token;
    expect(headerOf(renewed).kid).toBe(key?.kid);
    expect(await statuses(renewed)).toEqual([200]);
    expect(await identity(renewed)).toEqual({ verified: sub, live: sub });
  });

  it("makes a key of 256 bits in the form of the first one, and leaves the decoys'", async () => {
    const pads = await project.sql<{ purpose: string; inner: string; newer: boolean }>(
      `select purpose, encode(inner_pad, 'hex') as inner,
         created_at > (select created_at from database_keys where purpose = 'decoy') as newer
       from database_keys order by purpose`,
    );
    expect(pads.map(({ purpose, newer }) => [purpose, newer])).toEqual([
      ["db_mac", true],
      ["decoy", false],
    ]);
    // Beyond 32 bytes of key there is only the padding itself.
    expect(pads[0]?.inner).toMatch(/^[0-9a-f]{64}(36){32}$/);
    const { admin, id, keyring } = rotation();
    await replaceSecretNow(admin, id, { keyring });
    const [again] = await project.sql<{ inner: string }>(
      "select encode(inner_pad, 'hex') as inner from database_keys where purpose = 'db_mac'",
    );
    expect(again?.inner).not.toBe(pads[0]?.inner);
  });
});
