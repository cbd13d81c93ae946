import jwt from "jsonwebtoken";
import { describe, expect, it } from "vitest";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";

describe("sign-up with an address and a password", () => {
  it("gives a session whose token verifies with the printed secret as text (case 46)", async () => {
    const project = await createTestProject();
    const email = freshEmail();
    const { status, body } = await project.post("/signup", { email, password: goodPassword });

    expect(status).toBe(200);
    const claims = jwt.verify(String(body.access_token), project.jwtSecret, {
      algorithms: ["HS256"],
    });
    expect(claims).toMatchObject({
      iss: project.authUrl,
      aud: "authenticated",
      email,
      role: "authenticated",
    });
    expect(() =>
      jwt.verify(String(body.access_token), Buffer.from(project.jwtSecret, "hex"), {
        algorithms: ["HS256"],
      }),
    ).toThrow("invalid signature");
    expect(await project.sql("select email from users")).toEqual([{ email }]);
  });
});
