import { generateKeyPairSync } from "node:crypto";
import type { JWK } from "jose";
import { describe, expect, it } from "vitest";
import { type KeyMaterial, openKeys } from "../../src/tokens/keys.ts";

const shared: KeyMaterial = {
  kid: "shared-1",
  algorithm: "HS256",
  isActive: true,
  secret: "x".repeat(32),
  publicJwk: undefined,
};

function pair(kid: string, modulusLength?: number): KeyMaterial {
  const { privateKey, publicKey } =
    modulusLength === undefined
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength });
  return {
    kid,
    algorithm: modulusLength === undefined ? "ES256" : "RS256",
    isActive: true,
    secret: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicJwk: publicKey.export({ format: "jwk" }) as JWK,
  };
}

const operator = { name: "OperatorError" };

describe("the keys of a project", () => {
  it("are opened when exactly one is active, the others verifying beside it", async () => {
    const keys = await openKeys([
      { ...shared, isActive: false },
      pair("ec-1"),
      { ...pair("rsa-1", 2048), isActive: false },
    ]);
    expect(keys.active).toMatchObject({ kid: "ec-1", algorithm: "ES256", isActive: true });
    expect([...keys.all.keys()]).toEqual(["shared-1", "ec-1", "rsa-1"]);
  });

  it("are refused without an active one, and with two (case 49)", async () => {
    await expect(openKeys([])).rejects.toMatchObject(operator);
    await expect(openKeys([{ ...shared, isActive: false }])).rejects.toMatchObject(operator);
    await expect(openKeys([shared, pair("ec-1")])).rejects.toMatchObject(operator);
  });

  it("are refused when one is too short for its algorithm (case 46)", async () => {
    for (const secret of ["", "\0", "x".repeat(31), "é".repeat(15)]) {
      await expect(openKeys([{ ...shared, secret }])).rejects.toMatchObject(operator);
      const second = { ...shared, kid: "shared-2", isActive: false, secret };
      await expect(openKeys([shared, second])).rejects.toMatchObject(operator);
    }
    await expect(openKeys([{ ...shared, secret: "é".repeat(16) }])).resolves.toBeDefined();
    await expect(openKeys([pair("rsa-1", 1024)])).rejects.toMatchObject(operator);
    await expect(openKeys([pair("rsa-1", 2048)])).resolves.toBeDefined();
  });

  it("have a public half, which shows no private member", async () => {
    const ec = pair("ec-1");
    const { active } = await openKeys([ec]);
    expect(active.publicJwk).toStrictEqual({
      ...ec.publicJwk,
      kid: "ec-1",
      alg: "ES256",
      use: "sig",
      key_ops: ["verify"],
    });
    const { publicJwk, secret } = pair("rsa-1", 2048);
    const marked = { ...publicJwk, p: "secret", note: "x", ext: false };
    const rsa = await openKeys([
      { ...shared, kid: "rsa-1", algorithm: "RS256", secret, publicJwk: marked },
    ]);
    expect(rsa.active.publicJwk).toStrictEqual({
      kty: "RSA",
      n: publicJwk?.n,
      e: publicJwk?.e,
      kid: "rsa-1",
      alg: "RS256",
      use: "sig",
      key_ops: ["verify"],
    });
    expect((await openKeys([shared])).active.publicJwk).toBeUndefined();
  });

  it("are refused when the halves are missing, mixed up or of another algorithm", async () => {
    const ec = pair("ec-1");
    const rsa = pair("rsa-1", 2048);
    const { secret } = ec;
    const wrong: Partial<KeyMaterial>[] = [
      { publicJwk: undefined },
      { publicJwk: {} },
      { publicJwk: { kty: "oct", k: "c2VjcmV0" } },
      { publicJwk: { ...ec.publicJwk, d: "AAAA" } },
      { publicJwk: rsa.publicJwk },
      { secret: "" },
      { secret: "x".repeat(64) },
      { secret: rsa.secret },
      { algorithm: "RS256", publicJwk: rsa.publicJwk, secret },
    ];
    for (const change of wrong) {
      await expect(openKeys([{ ...ec, ...change }])).rejects.toMatchObject(operator);
    }
  });
});
