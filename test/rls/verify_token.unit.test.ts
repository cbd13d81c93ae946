import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyToken } from "../../src/rls/index.ts";

let answer: { status: number; body: unknown };
const server = createServer((_, response) => {
  response.writeHead(answer.status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(answer.body));
});
let url: URL;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let jwks: { keys: object[] };
let token: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`);
  keys = await generateKeyPair("ES256");
  jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256" }] };
  token = await sign("one");
});
afterAll(() => server.close());

function sign(kid: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "ES256", kid })
    .setSubject("3f0f7a52-3f3e-4f0c-9c57-0d3ff2b4f4a1")
    .setAudience("authenticated")
    .setExpirationTime("1h")
    .sign(keys.privateKey);
}

describe("a token that is verified with a remote key set", () => {
  it("verifies, and one of a key that is not in it is refused", async () => {
    answer = { status: 200, body: jwks };
    const remote = createRemoteJWKSet(url);
    expect((await verifyToken(token, remote)).claims.sub).toMatch(/^3f0f7a52/);
    await expect(verifyToken(await sign("two"), remote)).rejects.toMatchObject({ code: "bad_jwt" });
  });

  it("is not called bad because the key set cannot be had", async () => {
    answer = { status: 503, body: {} };
    const unavailable = { code: "service_unavailable" };
    await expect(verifyToken(token, createRemoteJWKSet(url))).rejects.toMatchObject(unavailable);
    const nowhere = createRemoteJWKSet(new URL("http://127.0.0.1:1/jwks.json"));
    await expect(verifyToken(token, nowhere)).rejects.toMatchObject(unavailable);
  });

  it("is refused with a key set when it is signed with a secret (case 47)", async () => {
    const hmac = await new SignJWT({})
      .setProtectedHeader({ alg: "HS256", kid: "one" })
      .setSubject("3f0f7a52-3f3e-4f0c-9c57-0d3ff2b4f4a1")
      .setAudience("authenticated")
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(JSON.stringify(jwks.keys[0])));
    const set = { keys: jwks.keys } as Parameters<typeof verifyToken>[1];
    await expect(verifyToken(hmac, set)).rejects.toMatchObject({ code: "bad_jwt" });
    expect((await verifyToken(token, set)).token).toBe(token);
  });
});
