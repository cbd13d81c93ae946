import { decodeJwt } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { UserJson } from "../../src/database/functions.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";

/** The longest access token of a user, in characters, with an AUTH_URL of up to 100. */
const longestToken = 6_000;

/** An object that Postgres prints with exactly `bytes` bytes: `{"text": "..."}`. */
const printedIn = (bytes: number) => ({ text: "x".repeat(bytes - 12) });

describe("user metadata", () => {
  let project: TestProject;
  let session: SessionReply;

  beforeAll(async () => {
    project = await createTestProject();
    session = await project.signUp({ data: { name: "Ann", plan: "free", nested: { a: 1, b: 2 } } });
  });

  const patch = (body: unknown) =>
    project.request<UserJson>("/user", { method: "PATCH", body, token: session.access_token });
  const stored = async () => {
    const rows = await project.sql<{ user_metadata: object }>(
      "select user_metadata from users where id = $1",
      [session.user.id],
    );
    return rows[0]?.user_metadata;
  };

  it("merges at top level, and null deletes a key", async () => {
    const reply = await patch({ data: { plan: "pro", name: null, nested: { c: 3 }, none: null } });
    expect(reply.status).toBe(200);
    expect(reply.body.user_metadata).toEqual({ plan: "pro", nested: { c: 3 } });
    expect(await stored()).toEqual({ plan: "pro", nested: { c: 3 } });

    const refreshed = await project.post<SessionReply>("/refresh", {
      refresh_token: session.refresh_token,
    });
    expect(decodeJwt(refreshed.body.access_token).user_metadata).toEqual(await stored());
    expect((await patch({ data: { plan: null, nested: null } })).body.user_metadata).toEqual({});
  });

  it("is left alone when it is not mentioned, null or empty", async () => {
    await patch({ data: { plan: "pro" } });
    for (const body of [{}, { data: null }, { data: {} }]) {
      expect((await patch(body)).body.user_metadata).toEqual({ plan: "pro" });
    }
  });

  it("takes 2048 bytes as Postgres prints them, all keys together, and no more (case 23)", async () => {
    await patch({ data: { plan: null } });
    expect((await patch({ data: printedIn(2_048) })).status).toBe(200);
    for (const data of [printedIn(2_049), { one: "more key" }]) {
      const reply = await patch({ data });
      expect(reply.status).toBe(400);
      expect(reply.body).toEqual({
        code: 400,
        error_code: "validation_failed",
        msg: "User metadata is a JSON object of at most 2048 bytes",
      });
    }
    expect(await stored()).toEqual(printedIn(2_048));
  });

  it.each([
    [
      "a body over 1 MiB",
      JSON.stringify({ text: "x".repeat(1_048_576) }),
      413,
      "request_entity_too_large",
    ],
    ["1 MB", JSON.stringify({ text: "x".repeat(1_000_000) }), 400, "validation_failed"],
    ["10,000 levels", `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, 400, "validation_failed"],
    ["33 levels", `{"a":${"[".repeat(33)}${"]".repeat(33)}}`, 400, "validation_failed"],
    [
      "50,000 keys",
      `{${Array.from({ length: 50_000 }, (_, i) => `"${i}":1`).join()}}`,
      400,
      "validation_failed",
    ],
    ["a text", '"admin"', 400, "validation_failed"],
    ["a list", "[1, 2]", 400, "validation_failed"],
    ["NUL in a value", '{"a":"\\u0000"}', 400, "validation_failed"],
    ["NUL in a key", '{"\\u0000":"a"}', 400, "validation_failed"],
    ["half a surrogate pair", '{"a":"\\ud800"}', 400, "validation_failed"],
  ])("refuses %s and stores nothing of it (case 23)", async (_name, data, status, code) => {
    const before = await stored();
    const signedUp = await project.post(
      "/signup",
      `{"email":"${freshEmail()}","password":"${goodPassword}","data":${data}}`,
    );
    const patched = await patch(`{"data":${data}}`);
    const linked = await project.post("/magiclink", `{"email":"${freshEmail()}","data":${data}}`);
    const invited = await project.post("/invite", `{"email":"${freshEmail()}","data":${data}}`, {
      token: serviceToken(project),
    });
    for (const reply of [signedUp, patched, linked, invited]) {
      expect(reply.status).toBe(status);
      expect(reply.body).toMatchObject({ error_code: code });
    }
    expect(await stored()).toEqual(before);
    expect(await project.sql("select count(*)::int as n from users")).toEqual([{ n: 1 }]);
  });

  it("leaves an access token under 6,000 characters, whatever a user has of everything (case 23)", async () => {
    const email = `${"a".repeat(64)}@${`${"b".repeat(61)}.`.repeat(3)}org`;
    const full = await project.signUp({ email, data: printedIn(2_048) });
    await project.sql("update users set app_metadata = $2 where id = $1", [
      full.user.id,
      JSON.stringify(printedIn(1_024)),
    ]);
    const reply = await project.post<SessionReply>("/refresh", {
      refresh_token: full.refresh_token,
    });
    const { access_token: token } = reply.body;
    expect(decodeJwt(token)).toMatchObject({
      email,
      user_metadata: printedIn(2_048),
      app_metadata: printedIn(1_024),
    });
    expect(token.length + (100 - project.authUrl.length) * 2).toBeLessThan(longestToken);
    expect((await project.request("/user", { token })).status).toBe(200);
  });
});
