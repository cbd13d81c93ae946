import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type Bearer, signedInBearer } from "../support/bearer.ts";
import { craftToken } from "../support/jwt.ts";

let bearer: Bearer;
let refusals: { what: string; token: string | undefined; code: string }[];

beforeAll(async () => {
  bearer = await signedInBearer();
  const { header, claims, project } = bearer;
  const sign = project.jwtSecret;
  const banned = await project.signUp();
  await project.sql("update users set banned_until = now() + interval '1 day' where id = $1", [
    banned.user.id,
  ]);
  refusals = [
    { what: "no token", token: undefined, code: "no_authorization" },
    { what: "a bad token", token: "garbage", code: "bad_jwt" },
    {
      what: "an expired token",
      token: craftToken({ header, payload: { ...claims, exp: 1 }, sign }),
      code: "bad_jwt",
    },
    {
      what: "a session that is gone",
      token: craftToken({ header, payload: { ...claims, session_id: randomUUID() }, sign }),
      code: "session_not_found",
    },
    {
      what: "a user who is gone",
      token: craftToken({ header, payload: { ...claims, sub: randomUUID() }, sign }),
      code: "user_not_found",
    },
    { what: "a banned user", token: banned.access_token, code: "user_banned" },
  ];
});

async function answer(token: string | undefined, version: string | undefined) {
  const { status, headers, body } = await bearer.project.request("/user", {
    ...(token === undefined ? {} : { token }),
    ...(version === undefined ? {} : { headers: { "X-Supabase-Api-Version": version } }),
  });
  return { status, body, headers };
}

describe("the refusal of a bearer", () => {
  it("is 401 with the code beside the status, for clients of our own", async () => {
    for (const { what, token, code } of refusals) {
      const { status, headers, body } = await answer(token, undefined);
      expect({ what, status, body }).toStrictEqual({
        what,
        status: 401,
        body: { code: 401, error_code: code, msg: expect.stringMatching(/^\S.+/) },
      });
      expect(headers.get("X-Supabase-Api-Version")).toBeNull();
      expect(headers.get("WWW-Authenticate")).toBe("Bearer");
      expect(headers.get("Cache-Control")).toBe("no-store");
    }
  });

  it("is GoTrue's 403, and 401 without a token, for clients that name its API version", async () => {
    for (const version of ["2024-01-01", "2025-06-30"]) {
      for (const { what, token, code } of refusals) {
        const { status, headers, body } = await answer(token, version);
        expect({ what, status, body }).toStrictEqual({
          what,
          status: code === "no_authorization" ? 401 : 403,
          body: { code, message: expect.stringMatching(/^\S.+/) },
        });
        expect(headers.get("X-Supabase-Api-Version")).toBe("2024-01-01");
      }
    }
  });

  it("is in the old form for a version that is older, or no date", async () => {
    for (const version of ["2023-12-31", "", "1", "latest", "2024-13-01", "2024-02-31", "9999"]) {
      const { status, headers, body } = await answer("garbage", version);
      expect({ version, status, code: body.code }).toEqual({ version, status: 401, code: 401 });
      expect(headers.get("X-Supabase-Api-Version")).toBeNull();
    }
  });

  it("says why in words that clients match on, and quotes nothing", async () => {
    const sentences = await Promise.all(
      refusals.map(async ({ token }) => (await answer(token, undefined)).body.msg),
    );
    const [none, bad, expired] = sentences;
    expect(none).toContain("Bearer token");
    expect(bad).toMatch(/^invalid JWT: .*unable to parse or verify signature/);
    expect(expired).toMatch(/^invalid JWT: /);
    for (const [index, sentence] of sentences.entries()) {
      expect(sentence).not.toContain(refusals[index]?.token ?? "garbage");
    }
  });

  it("does not change what other calls answer: a version is echoed with errors only", async () => {
    const { token, project } = bearer;
    const headers = { "X-Supabase-Api-Version": "2024-01-01" };
    const good = await project.request("/user", { token, headers });
    expect(good.status).toBe(200);
    expect(good.headers.get("X-Supabase-Api-Version")).toBeNull();
    const wrong = await project.post("/token", { email: "a@b.test", password: "x" }, { headers });
    expect({ status: wrong.status, body: wrong.body }).toStrictEqual({
      status: 400,
      body: { code: "invalid_credentials", message: "Invalid login credentials" },
    });
  });
});
