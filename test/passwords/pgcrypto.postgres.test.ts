import { afterAll, beforeAll, expect, it } from "vitest";
import { openEngine } from "../support/engine.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

beforeAll(async () => {
  await (await openEngine()).query("create extension pgcrypto schema public");
});
afterAll(async () => {
  await (await openEngine()).query("drop extension pgcrypto");
});

async function verifies(project: TestProject, userId: string, password: string) {
  const [row] = await project.sql(
    `select password_hash = public.crypt($2, password_hash) as same from users where id = $1`,
    [userId, password],
  );
  return row?.same;
}

it("stores hashes that pgcrypto verifies, for passwords of up to 72 bytes (case 9)", async () => {
  const project = await createTestProject();
  for (const password of ["a perfectly fine phrase", "é".repeat(36), "x".repeat(71)]) {
    const { user } = await project.signUp({ password });
    expect(await verifies(project, user.id, password)).toBe(true);
    expect(await verifies(project, user.id, `${password.slice(0, -1)}!`)).toBe(false);
  }
  // pgcrypto reads 72 bytes and no more: what is longer is digested first, and not verified there.
  const { user } = await project.signUp({ password: "x".repeat(73) });
  expect(await verifies(project, user.id, "x".repeat(73))).toBe(false);
});
