import { generateKeyPairSync, randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type Bearer, signedInBearer } from "../support/bearer.ts";
import { craftToken, privateKey } from "../support/jwt.ts";

let bearer: Bearer;

beforeAll(async () => {
  bearer = await signedInBearer();
});

/** The token with these claims instead, signed as it should be; undefined leaves a claim out. */
function withClaims(changes: Record<string, unknown>, headerChanges: object = {}): string {
  const { header, claims, project } = bearer;
  return craftToken({
    header: { ...header, ...headerChanges },
    payload: { ...claims, ...changes },
    sign: project.jwtSecret,
  });
}

/** The token with its JSON text edited, for what JSON.stringify would not write. */
function withText(edit: (json: string) => string): string {
  const { header, claims, project } = bearer;
  return craftToken({ header, payload: edit(JSON.stringify(claims)), sign: project.jwtSecret });
}

const now = () => Math.floor(Date.now() / 1000);

describe("the claims of an access token, however well it is signed", () => {
  it("refuse an expiry that has passed, is missing or is no time (case 52)", async () => {
    const expiries = [
      now() - 1,
      0,
      -1,
      undefined,
      null,
      String(now() + 3600),
      true,
      [now() + 3600],
      { valueOf: now() + 3600 },
      now() + 3600.5,
    ];
    for (const exp of expiries) {
      await bearer.expectRefused(withClaims({ exp }), `exp ${JSON.stringify(exp)}`);
    }
    for (const exp of ["1e400", "-1e400", "1e300", "9007199254740993"]) {
      const crafted = withText((json) => json.replace(/"exp":\d+/, `"exp":${exp}`));
      await bearer.expectRefused(crafted, `exp ${exp}`);
    }
    await bearer.expectAccepted(withClaims({ exp: now() + 30 }));
  });

  it("refuse a beginning that has not come, beyond a minute's skew of clocks (case 52)", async () => {
    const tomorrow = now() + 86_400;
    for (const nbf of [tomorrow, now() + 90, String(now()), null]) {
      await bearer.expectRefused(withClaims({ nbf }), `nbf ${nbf}`);
    }
    for (const iat of [tomorrow, now() + 90, String(now()), null]) {
      await bearer.expectRefused(withClaims({ iat }), `iat ${iat}`);
    }
    for (const endless of ['"iat":1e400', `"iat":${now()},"nbf":1e400`]) {
      const crafted = withText((json) => json.replace(/"iat":\d+/, endless));
      await bearer.expectRefused(crafted, endless);
    }
    await bearer.expectAccepted(withClaims({ iat: now() + 30, nbf: now() + 30 }));
  });

  it("refuse a name that comes twice, so that no second value wins over a check (case 52)", async () => {
    const past = `"exp":${now() - 10}`;
    const future = `"exp":${now() + 3600}`;
    const pairs = [
      [past, future],
      [future, past],
      [future, future],
      [`"\\u0065xp":${now() - 10}`, future],
      [`"sub":"${randomUUID()}"`, future],
      [`"iss":"${bearer.project.service.publicUrl}/proj_other"`, future],
      [`"role":"service_role"`, future],
    ];
    for (const [first, second] of pairs) {
      const crafted = withText((json) =>
        json.replace(/"exp":\d+/, () => `${second}`).replace("{", () => `{${first},`),
      );
      await bearer.expectRefused(crafted, `${first} before ${second}`);
    }
    const { project, claims, header } = bearer;
    const twice = JSON.stringify(header).replace("{", '{"alg":"none",');
    await bearer.expectRefused(
      craftToken({ header: twice, payload: claims, sign: project.jwtSecret }),
      "alg twice",
    );
    // Inside a user's own metadata, and as a value, names may come as they like.
    await bearer.expectAccepted(withClaims({ user_metadata: { exp: 1, sub: "exp" }, note: "exp" }));
  });

  it("refuse tokens made for another purpose (case 51)", async () => {
    const types = ["at+jwt", "refresh+jwt", "secevent+jwt", "JWE", "", 1, null, ["JWT"], {}];
    for (const typ of types) {
      await bearer.expectRefused(withClaims({}, { typ }), `typ ${JSON.stringify(typ)}`);
    }
    const { authUrl } = bearer.project;
    const audiences = [
      undefined,
      null,
      "recovery",
      "",
      ["authenticated"],
      authUrl,
      "AUTHENTICATED",
    ];
    for (const aud of audiences) {
      await bearer.expectRefused(withClaims({ aud }), `aud ${JSON.stringify(aud)}`);
    }
    const issuers = [undefined, null, "", `${authUrl}/`, [authUrl], "https://accounts.google.com"];
    for (const iss of issuers) {
      await bearer.expectRefused(withClaims({ iss }), `iss ${JSON.stringify(iss)}`);
    }
    await bearer.expectAccepted(withClaims({}, { typ: "jwt" }));
    await bearer.expectAccepted(withClaims({}, { typ: undefined }));
  });

  it("refuse the ID token of another issuer, and other kinds of secrets (case 51)", async () => {
    const { privateKey: pem } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const idToken = craftToken({
      header: { alg: "RS256", typ: "JWT", kid: "upstream-1" },
      payload: { ...bearer.claims, iss: "https://accounts.google.com", aud: "client-id" },
      sign: privateKey(pem),
    });
    const others = [
      idToken,
      bearer.refreshToken,
      `msk_${"a".repeat(43)}`,
      bearer.project.jwtSecret,
    ];
    for (const other of others) await bearer.expectRefused(other, other.slice(0, 20));
  });

  it("refuse a session or a user that is missing or malformed (cases 51, 58)", async () => {
    const subjects = [
      undefined,
      null,
      "",
      "../admin",
      "' or 1=1 --",
      "not-a-uuid",
      `${bearer.claims.sub}`.toUpperCase(),
      `{${bearer.claims.sub}}`,
      ` ${bearer.claims.sub}`,
      `${bearer.claims.sub}\n`,
      [bearer.claims.sub],
      0,
    ];
    for (const sub of subjects) {
      await bearer.expectRefused(withClaims({ sub }), `sub ${JSON.stringify(sub)}`);
    }
    for (const session_id of [undefined, null, "", "../admin", [bearer.claims.session_id], 0]) {
      await bearer.expectRefused(withClaims({ session_id }), `session_id ${session_id}`);
    }
  });

  it("name a session that lives and is that user's, by the database's word", async () => {
    const other = await bearer.project.signUp();
    const cases: [Record<string, unknown>, string][] = [
      [{ session_id: randomUUID() }, "session_not_found"],
      [{ sub: other.user.id }, "session_not_found"],
      [{ sub: randomUUID() }, "user_not_found"],
    ];
    for (const [changes, code] of cases) {
      const { status, body } = await bearer.project.request("/user", {
        token: withClaims(changes),
      });
      expect({ status, code: body.error_code }).toEqual({ status: 401, code });
    }
  });

  it("do not make a user of the project's own service (case 51)", async () => {
    for (const session_id of [undefined, bearer.claims.session_id]) {
      const service = withClaims({ role: "service_role", session_id, sub: undefined });
      await bearer.expectRefused(service, "service_role");
    }
  });
});
