import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { type Bearer, signedInBearer } from "../support/bearer.ts";
import { craftToken, privateKey } from "../support/jwt.ts";

let bearer: Bearer;

beforeAll(async () => {
  bearer = await signedInBearer();
});

const privateKeyEncoding = { type: "pkcs8", format: "pem" } as const;
const publicKeyEncoding = { type: "spki", format: "pem" } as const;

describe("keys that a token brings along", () => {
  it("are never used, and nobody is asked for them (case 48)", async () => {
    const { header, claims, project } = bearer;
    let asked = 0;
    const elsewhere = createServer((_request, response) => {
      asked += 1;
      response.end(JSON.stringify({ keys: [] }));
    }).listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/keys.json`;
    const ec = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      privateKeyEncoding,
      publicKeyEncoding,
    });
    const rsa = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding,
      publicKeyEncoding,
    });
    const signatures = {
      HS256: "mine",
      ES256: privateKey(ec.privateKey),
      RS256: privateKey(rsa.privateKey),
    };
    const places = [
      { jwk: { kty: "oct", k: Buffer.from("mine").toString("base64url"), alg: "HS256" } },
      { jku: url },
      { x5u: url },
      { x5c: [rsa.publicKey] },
      { kid: url },
      { jku: url, kid: header.kid },
    ];
    for (const place of places) {
      const what = Object.keys(place).join();
      for (const [alg, sign] of Object.entries(signatures)) {
        const crafted = { header: { alg, typ: "JWT", ...place }, payload: claims, sign };
        await bearer.expectRefused(craftToken(crafted), `${what} with ${alg}`);
      }
      // Beside the project's own signature they are ballast.
      const ballast = { alg: "HS256", typ: "JWT", ...place };
      await bearer.expectAccepted(
        craftToken({ header: ballast, payload: claims, sign: project.jwtSecret }),
        what,
      );
    }
    elsewhere.close();
    expect(asked).toBe(0);
  });

  it("are not found by a strange key id either (case 48)", async () => {
    const { header, claims } = bearer;
    const kids: unknown[] = [
      "../../dev/null",
      "' OR 1=1",
      "__proto__",
      "constructor",
      "",
      0,
      null,
      [header.kid],
      { kid: header.kid },
      "a".repeat(5000),
    ];
    for (const kid of kids) {
      for (const sign of ["", "\0", "mine"]) {
        const crafted = craftToken({ header: { ...header, kid }, payload: claims, sign });
        await bearer.expectRefused(crafted, `kid ${kid}`);
      }
    }
  });

  it("are not guessed by signing with an empty or accidental secret (case 49)", async () => {
    const { header, claims, project } = bearer;
    const accidents = [
      "",
      "\0",
      "undefined",
      "null",
      "NaN",
      "false",
      "0",
      "[object Object]",
      "secret",
      project.id,
      String(header.kid),
      project.jwtSecret.toUpperCase(),
      Buffer.from(project.jwtSecret, "hex"),
      Buffer.alloc(32),
      Buffer.alloc(64),
    ];
    for (const sign of accidents) {
      await bearer.expectRefused(craftToken({ header, payload: claims, sign }), `key ${sign}`);
      await bearer.expectRefused(craftToken({ payload: claims, sign }), `key ${sign}, no kid`);
    }
  });
});
