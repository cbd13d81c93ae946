import { beforeAll, describe, expect, it } from "vitest";
import { ageSession, sessionIdOf } from "../support/age.ts";
import { isLive, mailingProject, newPassword, signsIn } from "../support/mailed.ts";
import { freshEmail, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject();
});

const notTexts = [["a"], { $ne: null }, 123456, true];
const emptyOrWild = ["", null, "%", "_", "null", "undefined", "\u0000", "' or true --"];

describe("what is sent in place of a token that is not mailed as a link (case 74)", () => {
  const verifier = "v".repeat(43);
  const places: [string, (value: unknown) => object][] = [
    ["/refresh", (refresh_token) => ({ refresh_token })],
    ["/token?grant_type=refresh_token", (refresh_token) => ({ refresh_token })],
    ["/token?grant_type=pkce", (auth_code) => ({ auth_code, code_verifier: verifier })],
    ["/token?grant_type=pkce", (code_verifier) => ({ auth_code: verifier, code_verifier })],
    ["/token?grant_type=id_token", (id_token) => ({ provider: "google", id_token })],
  ];

  it.each(places)("is refused by %s, in any type and of any text", async (path, bodyOf) => {
    const session = await project.signUp();
    const before = await project.sql("select count(*)::int from sessions");
    for (const value of [...notTexts, ...emptyOrWild]) {
      const { status, body } = await project.post(path, bodyOf(value));
      // As GoTrue says it, a code that is unknown is not found.
      const expected = body.error_code === "flow_state_not_found" ? 404 : 400;
      expect({ value, status }).toEqual({ value, status: expected });
      expect(body.error_code).toMatch(/^[a-z_]+$/);
    }
    expect(await project.sql("select count(*)::int from sessions")).toEqual(before);
    expect(await isLive(project, session)).toBe(true);
  });

  it("ends nobody's session as the refresh token of a logout", async () => {
    const session = await project.signUp();
    for (const refresh_token of [...notTexts, ...emptyOrWild]) {
      const { status } = await project.post("/logout", { refresh_token });
      expect([204, 400, 401]).toContain(status);
    }
    expect(await isLive(project, session)).toBe(true);
  });

  it("is no nonce: an old session that has asked for none, or for one, changes nothing", async () => {
    const email = freshEmail();
    const session = await project.signUp({ email });
    await ageSession(project, sessionIdOf(session), "25 hours");
    const token = session.access_token;
    const tryAll = async () => {
      for (const nonce of [...notTexts, ...emptyOrWild]) {
        const body = { password: newPassword, nonce };
        const { status } = await project.request("/user", { method: "PATCH", token, body });
        expect([400, 422, 429]).toContain(status);
      }
    };
    await tryAll();
    await project.request("/reauthenticate", { token });
    await tryAll();
    expect(await signsIn(project, email)).toBe(true);
    expect(await signsIn(project, email, newPassword)).toBe(false);
  });

  it("begins and ends no sign-in at a provider", async () => {
    for (const value of ["", "%25", "_", "null", "%00", "'%20or%20true%20--"]) {
      for (const path of [
        `/callback?state=${value}&code=c`,
        `/authorize?flow=${value}`,
        `/callback?state[]=${value}&code=c`,
      ]) {
        const { status, body } = await project.request(path);
        expect({ path, status, code: typeof body.error_code }).toEqual({
          path,
          status: 400,
          code: "string",
        });
      }
    }
  });
});
