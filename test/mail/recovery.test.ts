import { beforeAll, describe, expect, it } from "vitest";
import { newestMail, queuedMail } from "../support/outbox.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { refresh } from "../support/sessions.ts";

const newPassword = "another perfectly fine phrase";

describe("a forgotten password", () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await createTestProject();
  });

  async function asked() {
    const email = freshEmail();
    const session = await project.signUp({ email });
    await project.sql("delete from mail_budgets");
    const reply = await project.post("/reset", { email });
    expect(reply).toMatchObject({ status: 200, body: {} });
    return { email, session, mail: await newestMail(project, email) };
  }

  it("is replaced by the link's token, and every older session ends", async () => {
    const { email, session, mail } = await asked();
    expect(mail).toMatchObject({ purpose: "recovery", recipient: email });

    const reset = await project.post("/reset", { token: mail.token, password: newPassword });
    expect(reset).toMatchObject({ status: 200, body: { user: { email } } });
    expect((await refresh(project, session.refresh_token)).status).toBe(400);
    expect((await project.post("/token", { email, password: goodPassword })).status).toBe(400);
    expect((await project.post("/token", { email, password: newPassword })).status).toBe(200);
    expect(
      await project.post("/reset", { token: mail.token, password: newPassword }),
    ).toMatchObject({
      status: 403,
      body: { error_code: "otp_expired" },
    });
    expect((await queuedMail(project, email)).map(({ purpose }) => purpose)).toContain(
      "password_changed",
    );
  });

  it("is replaced by the typed code", async () => {
    const { email, mail } = await asked();
    const spaced = `${mail.code.slice(0, 3)} ${mail.code.slice(3)}`;
    const reset = await project.post("/reset", { email, code: spaced, password: newPassword });
    expect(reset).toMatchObject({ status: 200, body: { user: { email } } });
    expect((await project.post("/token", { email, password: newPassword })).status).toBe(200);
  });
});
