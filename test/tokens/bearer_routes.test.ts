import { createSecretKey } from "node:crypto";
import { CompactEncrypt } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { type Bearer, signedInBearer } from "../support/bearer.ts";
import { contentsOf } from "../support/contents.ts";
import { craftToken, hmac } from "../support/jwt.ts";
import { allRoutes, type Route } from "../support/routes.ts";

let bearer: Bearer;
let routes: Route[];

beforeAll(async () => {
  bearer = await signedInBearer();
  routes = (await allRoutes(bearer.project)).filter(({ bearer }) => bearer !== "none");
});

function ask({ method, path }: Route, headers: Record<string, string>, query = "") {
  const url = path.replaceAll(/\{\w+\}/g, String(bearer.claims.session_id)) + query;
  return bearer.project.request(url, {
    method,
    headers,
    ...(method === "GET" ? {} : { body: {} }),
  });
}

/** Expects each of these headers to be refused on each route that reads a bearer, and nothing to change. */
async function expectRefusedEverywhere(authorizations: string[], code: string): Promise<void> {
  const before = await contentsOf(bearer.project);
  for (const route of routes) {
    for (const Authorization of authorizations) {
      const { status, body } = await ask(route, { Authorization });
      const answer = { route, Authorization, status, code: body?.error_code };
      expect(answer).toEqual({ route, Authorization, status: 401, code });
    }
  }
  expect(await contentsOf(bearer.project)).toEqual(before);
}

/** Tokens whose claims are right and whose algorithm, key or form is not. */
async function forgeries(): Promise<string[]> {
  const { header, claims, project, token } = bearer;
  const sign = project.jwtSecret;
  const encrypted = new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", typ: "JWT" })
    .encrypt(createSecretKey(Buffer.from(sign, "hex")));
  const algorithms = ["none", "None", "nOnE", "RS256", undefined, ["HS256"]];
  return [
    ...algorithms.map((alg) => craftToken({ header: { ...header, alg }, payload: claims, sign })),
    craftToken({ header: { ...header, alg: "none" }, payload: claims, sign: () => "" }),
    craftToken({ header, payload: claims, sign: () => "" }),
    craftToken({
      header: { ...header, alg: "HS384" },
      payload: claims,
      sign: hmac("sha384", sign),
    }),
    ...["", "\0", "undefined", "null"].map((key) =>
      craftToken({ header, payload: claims, sign: key }),
    ),
    craftToken({
      header,
      payload: JSON.stringify(claims).replace("{", '{"exp":1,'),
      sign,
    }),
    `${token}=`,
    await encrypted,
  ];
}

describe("every route that reads a bearer", () => {
  it("is more than the user's own record", () => {
    const kinds = new Set(routes.map(({ bearer }) => bearer));
    expect(kinds).toEqual(new Set(["required", "optional", "service"]));
    expect(routes.length).toBeGreaterThan(8);
  });

  it("refuses another algorithm, an accidental key, a name that comes twice, padding and a JWE (cases 47, 49, 52, 56)", async () => {
    const tokens = await forgeries();
    await expectRefusedEverywhere(
      tokens.map((token) => `Bearer ${token}`),
      "bad_jwt",
    );
  });

  it("refuses a good token under another scheme, twice, and as JSON (cases 53, 56)", async () => {
    const { token } = bearer;
    const [head, payload, signature] = token.split(".");
    await expectRefusedEverywhere(
      [
        `Basic ${token}`,
        `Token ${token}`,
        `Bearer\t${token}`,
        `Bearer ${token}, Bearer ${token}`,
        `Basic abc, Bearer ${token}`,
        `Bearer ${JSON.stringify({ protected: head, payload, signature })}`,
        `Bearer ${JSON.stringify({ payload, signatures: [{ protected: head, signature }] })}`,
        token,
      ],
      "no_authorization",
    );
  });

  it("does not look for a token in the query (case 53)", async () => {
    for (const route of routes) {
      const { status, body } = await ask(route, {}, `?access_token=${bearer.token}`);
      const answer = { route, status, code: body?.error_code };
      expect(answer).toEqual({ route, status: 401, code: "no_authorization" });
    }
    await bearer.expectAccepted(bearer.token);
  });

  it.each([
    ["the session ended", "update sessions set revoked_at = now(), revoked_because = 'logout'"],
    ["the user is banned", "update users set banned_until = 'infinity'"],
    ["the user was deleted", "delete from users"],
  ])("gives nothing to a good token when %s (cases 35, 39)", async (_, change) => {
    const ended = await signedInBearer({ manual_linking: true });
    await ended.project.sql(change);
    const before = await contentsOf(ended.project);
    // Linking wants a provider before it looks at the session: oauth/in_flight.test.ts.
    const asked = routes.filter(
      ({ bearer, path }) => bearer === "required" && path !== "/user/identities/authorize",
    );
    for (const { method, path } of asked) {
      const url = path.replaceAll(/\{\w+\}/g, String(ended.claims.session_id));
      const body = path === "/user" ? { data: { a: 1 } } : {};
      const { status } = await ended.project.request(url, {
        method,
        token: ended.token,
        ...(method === "GET" ? {} : { body }),
      });
      expect({ method, path, status }).toEqual({ method, path, status: 401 });
    }
    expect(await contentsOf(ended.project)).toEqual(before);
  });
});
