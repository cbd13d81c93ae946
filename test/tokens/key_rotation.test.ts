import { describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf, craftToken, headerOf } from "../support/jwt.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import {
  activateKey,
  freshServer,
  newSharedSecret,
  type SigningKey,
  storeKey,
} from "../support/signing_keys.ts";

function signedWith(key: SigningKey, token: string, kid: unknown): string {
  const header = { alg: "HS256", typ: "JWT", kid };
  return craftToken({ header, payload: claimsOf(token), sign: key.secret });
}

/** What a server that has just started says to each token. */
async function statuses(project: TestProject, ...tokens: string[]): Promise<number[]> {
  return onFreshServer((auth) =>
    Promise.all(
      tokens.map(async (token) => (await project.request("/user", { token, auth })).status),
    ),
  );
}

async function onFreshServer<T>(work: (auth: Auth) => Promise<T>): Promise<T> {
  const auth = await freshServer();
  try {
    return await work(auth);
  } finally {
    await auth.close();
  }
}

describe("changing the key of a project in steps", () => {
  it("accepts the next key early and the old one until its time is over (case 55)", async () => {
    const project = await createTestProject();
    const session = await project.signUp();
    const old = session.access_token;
    const key = newSharedSecret();
    const byNext = signedWith(key, old, key.kid);
    expect(await statuses(project, old, byNext)).toEqual([200, 401]);

    await storeKey(project, key, "next");
    expect(await statuses(project, old, byNext)).toEqual([200, 200]);

    await activateKey(project, key, "1 hour");
    expect(await statuses(project, old, byNext)).toEqual([200, 200]);
    const { body: renewed } = await onFreshServer((auth) =>
      project.post<SessionReply>("/refresh", { refresh_token: session.refresh_token }, { auth }),
    );
    expect(headerOf(renewed.access_token).kid).toBe(key.kid);
    expect(headerOf(old).kid).not.toBe(key.kid);
    expect(await statuses(project, old, renewed.access_token)).toEqual([200, 200]);

    await project.sql(
      "update jwt_keys set accepted_until = now() - interval '1 second' where state = 'retired'",
    );
    expect(await statuses(project, old, renewed.access_token)).toEqual([401, 200]);
  });

  it("takes a token without a key id to be the signing key's, and no other's (case 55)", async () => {
    const project = await createTestProject();
    const { access_token: token } = await project.signUp();
    const key = newSharedSecret();
    const byOld = craftToken({ payload: claimsOf(token), sign: project.jwtSecret });
    const byNew = signedWith(key, token, undefined);
    await storeKey(project, key, "next");
    expect(await statuses(project, byOld, byNew)).toEqual([200, 401]);
    await activateKey(project, key, "1 hour");
    expect(await statuses(project, byOld, byNew)).toEqual([401, 200]);
  });

  it("does not let one key of a project pass for another by its id (case 55)", async () => {
    const project = await createTestProject();
    const { access_token: token } = await project.signUp();
    const key = newSharedSecret();
    await storeKey(project, key, "next");
    const mixed = [
      signedWith(key, token, headerOf(token).kid),
      signedWith({ ...key, secret: project.jwtSecret }, token, key.kid),
    ];
    expect(await statuses(project, ...mixed)).toEqual([401, 401]);
  });

  it("has one signing key at a time", async () => {
    const project = await createTestProject();
    await expect(storeKey(project, newSharedSecret(), "active")).rejects.toThrow(
      "jwt_keys_one_active_key",
    );
  });
});
