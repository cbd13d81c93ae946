import { describe, expect, it } from "vitest";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";
import { countLeaves, endOf, openSession, refresh, rotate } from "../support/sessions.ts";

const project = await createTestProject();
const notFound = { status: 400, body: { error_code: "refresh_token_not_found" } };

describe("a refresh token in the wrong place", () => {
  it("of one project is unknown to another, and stays alive in its own (case 42)", async () => {
    const other = await createTestProject();
    const session = await openSession(project);
    const next = await rotate(project, session.refreshToken);
    for (const token of [next.refresh_token, session.refreshToken]) {
      expect(await refresh(other, token)).toMatchObject(notFound);
      expect((await other.post("/logout", { refresh_token: token })).status).toBe(204);
    }
    expect(await endOf(project, session.id)).toBeNull();
    expect((await refresh(project, next.refresh_token)).status).toBe(200);
  });

  it("is no bearer, and an access token is no refresh token (case 42)", async () => {
    const session = await openSession(project);
    const { access_token, refresh_token } = await rotate(project, session.refreshToken);
    expect(await project.request("/user", { token: refresh_token })).toMatchObject({
      status: 401,
      body: { error_code: "bad_jwt" },
    });
    expect(await refresh(project, access_token)).toMatchObject(notFound);
    expect(await endOf(project, session.id)).toBeNull();
    expect(await countLeaves(project, session.id)).toBe(1);
  });

  it("is refused when it was never issued or cannot be one, with the words clients match on", async () => {
    for (const token of ["A".repeat(43), "garbage", "a".repeat(12), " ", "A".repeat(5000), "é"]) {
      expect(await refresh(project, token)).toMatchObject({
        status: 400,
        body: {
          error_code: "refresh_token_not_found",
          msg: "Invalid Refresh Token: Refresh Token Not Found",
        },
      });
    }
  });

  it("is taken from a JSON string in the body of a POST, and from nowhere else (case 43)", async () => {
    const session = await openSession(project);
    const token = session.refreshToken;
    const query = `?refresh_token=${token}`;
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    const refusals = await Promise.all([
      project.request(`/refresh${query}`),
      project.request(`/refresh${query}`, { method: "PUT", body: {} }),
      project.request(`/refresh${query}`, { method: "POST" }),
      project.post(`/refresh${query}`, {}),
      project.post(`/token${query}&grant_type=refresh_token`, {}),
      project.request(`/token${query}&grant_type=refresh_token`),
      project.post("/refresh", {}, { headers: { Cookie: `refresh_token=${token}` } }),
      project.post("/refresh", `refresh_token=${token}`, { headers: form }),
      project.post("/refresh", { refresh_token: [token] }),
      project.post("/refresh", { refresh_token: { $ne: null } }),
      project.post("/refresh", { refresh_token: `${token}\0` }),
      project.post("/refresh", { refresh_token: null }),
      project.post("/refresh", { refresh_token: "" }),
      project.request("/refresh", { method: "POST", token }),
    ]);
    const statuses = refusals.map(({ status }) => status);
    expect(statuses).toEqual([404, 404, 400, 400, 400, 404, ...Array(8).fill(400)]);
    expect(JSON.stringify(refusals.map(({ body }) => body))).not.toContain(token);
    const rows = await project.sql("select from refresh_tokens where session_id = $1", [
      session.id,
    ]);
    expect(rows).toHaveLength(1);
    expect((await refresh(project, token)).status).toBe(200);
  });
});

describe("a reply with tokens", () => {
  it("is never stored and leaves no referrer, and neither is a refusal (case 43)", async () => {
    const credentials = { email: freshEmail(), password: goodPassword };
    const signup = await project.post("/signup", credentials);
    const replies = [
      signup,
      await project.post("/token", credentials),
      await project.post("/token?grant_type=password", credentials),
      await project.post("/refresh", { refresh_token: signup.body.refresh_token }),
      await project.post("/token?grant_type=refresh_token", {
        refresh_token: signup.body.refresh_token,
      }),
      await project.post("/refresh", { refresh_token: "garbage" }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 400]);
    for (const { headers } of replies) {
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    }
  });
});

describe("a sign-in by someone who holds a session already (case 41)", () => {
  it("opens a session of its own and changes nothing about the other", async () => {
    const email = freshEmail();
    const before = await project.signUp({ email });
    const stranger = await openSession(project);
    const strangerTokens = await rotate(project, stranger.refreshToken);
    const login = await project.post(
      "/token",
      {
        email,
        password: goodPassword,
        session_id: stranger.id,
        refresh_token: strangerTokens.refresh_token,
      },
      {
        token: strangerTokens.access_token,
        headers: { Cookie: `session_id=${stranger.id}; refresh_token=${stranger.refreshToken}` },
      },
    );
    expect(login.status).toBe(200);

    const claims = (token: unknown) =>
      JSON.parse(Buffer.from(String(token).split(".")[1] ?? "", "base64url").toString());
    const { session_id, sub } = claims(login.body.access_token);
    expect(sub).toBe(before.user.id);
    expect([stranger.id, claims(before.access_token).session_id]).not.toContain(session_id);
    expect(login.body.refresh_token).not.toBe(strangerTokens.refresh_token);
    const [row] = await project.sql("select user_id from sessions where id = $1", [stranger.id]);
    expect(row).toEqual({ user_id: stranger.userId });
    const { body } = await project.request("/user", { token: strangerTokens.access_token });
    expect(body.id).toBe(stranger.userId);
  });
});
