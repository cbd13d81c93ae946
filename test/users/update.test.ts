import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

describe("PATCH /user and its alias PUT", () => {
  let project: TestProject;
  let session: SessionReply;

  beforeAll(async () => {
    project = await createTestProject();
    session = await project.signUp({ email: "ann.porter@example.org" });
  });

  const update = (method: string, body: unknown, token = session.access_token) =>
    project.request("/user", { method, body, token });

  it.each(["PATCH", "PUT"])(
    "%s takes the present address, however it is typed, and notes another (case 69)",
    async (method) => {
      for (const email of ["ann.porter@example.org", "Ann.Porter@EXAMPLE.org", null]) {
        const reply = await update(method, { email });
        expect(reply.status).toBe(200);
        expect(reply.body).toMatchObject({ email: "ann.porter@example.org" });
      }
      const other = `bob.${method}@example.org`.toLowerCase();
      expect(await update(method, { email: other })).toMatchObject({
        status: 200,
        body: { email: "ann.porter@example.org", new_email: other },
      });
      for (const email of ["ann.porter@example.org.", "ann", 7]) {
        const reply = await update(method, { email });
        expect(reply.status).toBe(400);
        expect(reply.body).toMatchObject({ error_code: "validation_failed" });
      }
      expect(await project.sql("select email, user_metadata from users")).toEqual([
        { email: "ann.porter@example.org", user_metadata: {} },
      ]);
    },
  );

  it.each(["PATCH", "PUT"])("%s answers with the user that GET shows", async (method) => {
    const updated = await update(method, { data: { by: method } });
    const shown = await project.request("/user", { token: session.access_token });
    expect(updated.status).toBe(200);
    expect(updated.body).toEqual(shown.body);
    expect(updated.body).toMatchObject({ id: session.user.id, user_metadata: { by: method } });
    expect(Date.parse(String(updated.body.updated_at))).toBeGreaterThan(
      Date.parse(session.user.updated_at),
    );
  });

  it("refuses a phone number, and whoever has no live session", async () => {
    const phone = await update("PATCH", { phone: "+441134960000" });
    expect(phone.body).toMatchObject({ code: 400, error_code: "feature_disabled" });

    const signedOut = await project.signUp();
    await project.post("/logout", {}, { token: signedOut.access_token });
    const reply = await update("PATCH", { data: { a: 1 } }, signedOut.access_token);
    expect(reply.body).toMatchObject({ code: 401, error_code: "session_not_found" });
    expect((await project.request("/user", { method: "PATCH", body: {} })).body).toMatchObject({
      code: 401,
      error_code: "no_authorization",
    });
  });
});
