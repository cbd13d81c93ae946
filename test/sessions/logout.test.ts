import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { openCountingService } from "../support/counting.ts";
import { createTestProject } from "../support/project.ts";
import { endOf, insertUser, openSession, refresh, rotate } from "../support/sessions.ts";

const project = await createTestProject();
const gone = { status: 400, body: { error_code: "session_not_found" } };
const done = { status: 204, body: null };

/** A user with three sessions, each with the tokens of one refresh. */
async function openThree() {
  const userId = await insertUser(project);
  const sessions = [];
  for (const name of ["first", "second", "third"]) {
    const { id, refreshToken } = await openSession(project, userId);
    sessions.push({ name, id, ...(await rotate(project, refreshToken)) });
  }
  return sessions;
}

async function open() {
  const session = await openSession(project);
  return { id: session.id, ...(await rotate(project, session.refreshToken)) };
}

function logout(token: string, query = "") {
  return project.request(`/logout${query}`, { method: "POST", token });
}

describe("a logout", () => {
  it("ends refresh and the access token at once, on every endpoint (case 35)", async () => {
    const { id, access_token: token, refresh_token } = await open();
    expect(await logout(token)).toMatchObject(done);

    expect(await endOf(project, id)).toBe("logout");
    expect(await refresh(project, refresh_token)).toMatchObject(gone);
    const requests = [
      project.request("/user", { token }),
      project.request("/user", { method: "PATCH", body: { data: { a: 1 } }, token }),
      project.request("/user", { method: "DELETE", token }),
      project.request("/sessions", { token }),
      project.request(`/sessions/${id}`, { method: "DELETE", token }),
    ];
    for (const reply of await Promise.all(requests)) {
      expect(reply).toMatchObject({ status: 401, body: { error_code: "session_not_found" } });
    }
  });

  it("can be asked for twice and ends nothing more the second time (case 36)", async () => {
    const [first, second] = await openThree();
    expect(await logout(first?.access_token ?? "", "?scope=local")).toMatchObject(done);
    expect(await logout(first?.access_token ?? "", "?scope=global")).toMatchObject(done);
    expect(await endOf(project, second?.id ?? "")).toBeNull();
    const events = await project.sql("select detail from audit_log where session_id = $1", [
      first?.id,
    ]);
    expect(events).toEqual([{ detail: { scope: "local" } }]);
  });

  it("wants a token that is good: an expired one, garbage or none is 401 (case 36)", async () => {
    const { id, access_token, refresh_token } = await open();
    const claims = JSON.parse(
      Buffer.from(access_token.split(".")[1] ?? "", "base64url").toString(),
    );
    const expired = await new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 })
      .setProtectedHeader({ alg: "HS256" })
      .sign(Buffer.from(project.jwtSecret));
    for (const token of [expired, "garbage", refresh_token]) {
      expect(await logout(token)).toMatchObject({ status: 401, body: { error_code: "bad_jwt" } });
    }
    // A bearer that is not good is not made up for by a refresh token beside it.
    for (const headers of [{ Authorization: "Bearer garbage" }, { Authorization: "Basic YTpi" }]) {
      const reply = await project.post("/logout", { refresh_token }, { headers });
      expect(reply.status).toBe(401);
    }
    expect(await project.post("/logout", {})).toMatchObject({
      status: 401,
      body: { error_code: "no_authorization" },
    });
    expect(await endOf(project, id)).toBeNull();
  });

  it("takes the session's refresh token in place of a bearer, a used one too", async () => {
    for (const which of ["live", "used"]) {
      const session = await openSession(project);
      const { refresh_token } = await rotate(project, session.refreshToken);
      const presented = which === "live" ? refresh_token : session.refreshToken;
      for (let call = 0; call < 2; call += 1) {
        expect(await project.post("/logout", { refresh_token: presented })).toMatchObject(done);
      }
      expect(await endOf(project, session.id)).toBe("logout");
      expect(await refresh(project, refresh_token)).toMatchObject(gone);
    }
  });

  it("ends nothing for a refresh token that never was, and says so to nobody (case 36)", async () => {
    const { auth, measure } = await openCountingService();
    for (const [refresh_token, calls] of [
      ["A".repeat(43), ["logout"]],
      // What cannot be one names no session, whatever the database would say.
      ["garbage", []],
    ] as const) {
      const work = await measure(project, () =>
        project.post("/logout", { refresh_token }, { auth }),
      );
      expect(work).toMatchObject({ value: done, calls });
    }
    await auth.close();
  });
});

describe("the scope of a logout (case 38)", () => {
  it.each([
    ["", { first: true, second: true, third: true }],
    ["?scope=global", { first: true, second: true, third: true }],
    ["?scope=local", { first: false, second: true, third: false }],
    ["?scope=others", { first: true, second: false, third: true }],
  ])("'%s' ends exactly the named sessions", async (query, ended) => {
    const stranger = await open();
    const sessions = await openThree();
    expect(await logout(sessions[1]?.access_token ?? "", query)).toMatchObject(done);

    for (const { name, id, refresh_token, access_token } of sessions) {
      const isEnded = ended[name as keyof typeof ended];
      expect({ name, end: await endOf(project, id) }).toEqual({
        name,
        end: isEnded ? "logout" : null,
      });
      expect((await refresh(project, refresh_token)).status).toBe(isEnded ? 400 : 200);
      const { status } = await project.request("/user", { token: access_token });
      expect(status).toBe(isEnded ? 401 : 200);
    }
    expect(await endOf(project, stranger.id)).toBeNull();
  });

  it("is one of three: any other is refused and ends nothing", async () => {
    const { id, access_token } = await open();
    for (const query of ["?scope=all", "?scope=", "?scope=GLOBAL", "?scope=local&scope=global"]) {
      expect(await logout(access_token, query)).toMatchObject({
        status: 400,
        body: { error_code: "validation_failed" },
      });
    }
    expect(await endOf(project, id)).toBeNull();
  });
});
