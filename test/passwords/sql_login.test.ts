import { expect, it } from "vitest";
import { installSqlLogin } from "../../src/projects/sql_login.ts";
import { createTestProject } from "../support/project.ts";

it("signing in by SQL is refused where pgcrypto is not, and no project has it by itself", async () => {
  const project = await createTestProject();
  await expect(installSqlLogin(project.service.admin, project.id)).rejects.toMatchObject({
    code: "validation_failed",
    message: "pgcrypto is not installed. Run: create extension pgcrypto;",
  });
  const found = await project.sql(
    "select proname from pg_proc where pronamespace = $1::regnamespace and proname ~ 'with_password|bcrypt'",
    [project.id],
  );
  expect(found).toEqual([]);
});
