import jwt from "jsonwebtoken";
import { describe, expect, it } from "vitest";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";
import { openSession, rotate } from "../support/sessions.ts";

describe("the times of an access token (case 44)", () => {
  it("are the same in the reply and in the token, for every call that issues one", async () => {
    const project = await createTestProject({ access_token_lifetime: 900 });
    const email = freshEmail();
    const credentials = { email, password: goodPassword };
    const signup = await project.post("/signup", credentials);
    const login = await project.post("/token", credentials);
    const refreshed = await project.post("/refresh", { refresh_token: login.body.refresh_token });

    for (const { status, body } of [signup, login, refreshed]) {
      expect(status).toBe(200);
      const claims = jwt.decode(String(body.access_token), { json: true });
      expect(body).toMatchObject({
        token_type: "bearer",
        expires_in: 900,
        expires_at: claims?.exp,
      });
      expect((claims?.exp ?? 0) - (claims?.iat ?? 0)).toBe(900);
    }
  });

  it("differ in nothing but the token's id when two are issued in one second", async () => {
    const project = await createTestProject();
    const session = await openSession(project);
    const [one, two] = await Promise.all([
      rotate(project, session.refreshToken),
      rotate(project, session.refreshToken),
    ]);
    expect(one.refresh_token).toBe(two.refresh_token);
    expect(one.access_token).not.toBe(two.access_token);
  });
});
