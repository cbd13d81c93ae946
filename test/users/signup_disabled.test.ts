import { beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

describe("a project that takes no sign-ups", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject({ signup_enabled: false });
    await project.sql("insert into users (email) values ('ann.porter@example.org')");
  });

  it("refuses everyone with one answer, before it looks at what was sent", async () => {
    const bodies = [
      { email: freshEmail(), password: goodPassword },
      { email: "ann.porter@example.org", password: goodPassword },
      { email: freshEmail(), password: "short" },
      { email: "no address", password: goodPassword },
      {},
    ];
    for (const body of bodies) {
      const reply = await project.post("/signup", body);
      expect(reply.status).toBe(422);
      expect(reply.body).toEqual({
        code: 422,
        error_code: "signup_disabled",
        msg: "Signups not allowed for this instance",
      });
    }
    expect((await project.request("/settings")).body).toMatchObject({ disable_signup: true });
  });

  it("refuses in SQL too, where a server still remembers the old setting", async () => {
    const { signup } = projectFunctions(project.service.runtime, project.id);
    const reply = await signup({
      email: freshEmail(),
      emailAsTyped: "",
      passwordHash: `$2a$10$${"a".repeat(53)}`,
      userMetadata: null,
      tokenHash: Buffer.alloc(32),
      mail: null,
      client: { address: null, userAgent: null },
    });
    expect(reply).toEqual({ outcome: "signup_disabled" });
    expect(await project.sql("select email from users")).toEqual([
      { email: "ann.porter@example.org" },
    ]);
  });
});
