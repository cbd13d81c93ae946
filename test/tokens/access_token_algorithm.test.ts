import { beforeAll, describe, expect, it } from "vitest";
import { type Bearer, signedInBearer } from "../support/bearer.ts";
import { craftToken, hmac } from "../support/jwt.ts";

let bearer: Bearer;

beforeAll(async () => {
  bearer = await signedInBearer();
});

describe("the algorithm and signature of an access token", () => {
  it("admits what the project's secret signed, whoever put the token together", async () => {
    const { token, header, claims, project } = bearer;
    await bearer.expectAccepted(token);
    await bearer.expectAccepted(craftToken({ header, payload: claims, sign: project.jwtSecret }));
    await bearer.expectAccepted(craftToken({ payload: claims, sign: project.jwtSecret }));
  });

  it("refuses a token that says it is unsigned, in any spelling (case 47)", async () => {
    const { header, claims, project } = bearer;
    for (const alg of ["none", "None", "nOnE", "NONE"]) {
      for (const sign of [() => "", () => "AA", project.jwtSecret]) {
        const crafted = craftToken({ header: { ...header, alg }, payload: claims, sign });
        await bearer.expectRefused(crafted, `alg ${alg}`);
      }
    }
  });

  it("refuses every algorithm but the key's own, and none at all (case 47)", async () => {
    const { header, claims, project } = bearer;
    const rightMac = hmac("sha256", project.jwtSecret);
    const algorithms: [unknown, (input: string) => string][] = [
      ["HS256", () => ""],
      ["HS384", hmac("sha384", project.jwtSecret)],
      ["HS512", hmac("sha512", project.jwtSecret)],
      ["HS384", rightMac],
      ["RS256", rightMac],
      ["ES256", rightMac],
      ["hs256", rightMac],
      ["HS256 ", rightMac],
      [undefined, rightMac],
      [null, rightMac],
      [["HS256"], rightMac],
      [{ toString: "HS256" }, rightMac],
      [256, rightMac],
      ["", rightMac],
      ["__proto__", rightMac],
    ];
    for (const [alg, sign] of algorithms) {
      for (const kid of [header.kid, undefined]) {
        const crafted = craftToken({ header: { ...header, kid, alg }, payload: claims, sign });
        await bearer.expectRefused(crafted, `alg ${JSON.stringify(alg)} with kid ${kid}`);
      }
    }
  });

  it("refuses a header or a payload that is no object", async () => {
    const { header, claims, project } = bearer;
    for (const odd of ["null", "[]", '"HS256"', "", "{", "1"]) {
      const sign = project.jwtSecret;
      await bearer.expectRefused(craftToken({ header: odd, payload: claims, sign }), odd);
      await bearer.expectRefused(craftToken({ header, payload: odd, sign }), odd);
    }
  });

  it("refuses a payload that is not the signed one", async () => {
    const { token, claims } = bearer;
    const [head, body, signature] = token.split(".");
    const other = craftToken({ payload: { ...claims, role: "admin" }, sign: "x" }).split(".")[1];
    expect(other).not.toBe(body);
    await bearer.expectRefused(`${head}.${other}.${signature}`, "another payload");
  });

  it("refuses critical headers it does not know, however well signed (case 48)", async () => {
    const { header, claims, project } = bearer;
    for (const crit of [["x"], ["b64"], [], "x", null, [""]]) {
      const marked = { ...header, crit, x: 1, b64: true };
      const crafted = craftToken({ header: marked, payload: claims, sign: project.jwtSecret });
      await bearer.expectRefused(crafted, `crit ${JSON.stringify(crit)}`);
    }
  });
});
