import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runShell } from "../readme/blocks.ts";

// Below the checkout, so that the package's dependencies are found without a registry.
const folder = resolve("test-results/package");
const installed = join(folder, "node_modules/miosa-auth");

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(installed, { recursive: true });
  const packed = await runShell(
    `npm pack --silent --ignore-scripts --pack-destination '${folder}'`,
  );
  await runShell(
    `tar -xzf '${join(folder, packed.trim())}' --strip-components=1 -C '${installed}'`,
  );
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the packed package in another folder", () => {
  it("runs a whole sign-up from its own SQL files, as a library", async () => {
    await writeFile(
      join(folder, "library.js"),
      `
      import { verifyToken } from "miosa-auth/rls";
      import { createTestAuth } from "miosa-auth/testing";
      import * as miosa from "miosa-auth";
      const auth = await createTestAuth({ bcrypt: true });
      const session = await auth.signUp();
      const { claims } = await verifyToken(session.access_token, auth.jwtSecret);
      console.log(claims.sub === session.user.id, typeof miosa.createAuth);
      await auth.close();`,
    );
    expect(await runShell(`cd '${folder}' && node library.js`)).toBe("true function\n");
  });

  it("has the provider for development, with which anybody signs in", async () => {
    await writeFile(
      join(folder, "fake.js"),
      `
      import { startDevelopment } from "miosa-auth";
      const options = { dataDir: undefined, port: 0, projectId: "proj_demo", fakeProvider: true };
      const { environment, close } = await startDevelopment(options);
      const query = "provider=fake&redirect_to=http://localhost:1/";
      const led = await fetch(environment.AUTH_URL + "/authorize?" + query);
      console.log(led.status, (await led.text()).includes("Fake provider"));
      await close();`,
    );
    expect(await runShell(`cd '${folder}' && node fake.js`)).toBe("200 true\n");
  });

  it("has types for every export", async () => {
    await writeFile(
      join(folder, "types.ts"),
      `
      import { type Auth, createAuth, connectPostgres } from "miosa-auth";
      import { type VerifiedToken, verifyToken, withUser } from "miosa-auth/rls";
      import { createTestAuth, type TestAuth } from "miosa-auth/testing";
      const auth: Auth = createAuth({ database: connectPostgres({ url: "" }), masterKey: "", publicUrl: "" });
      export const test: Promise<TestAuth> = createTestAuth();
      export const token: Promise<VerifiedToken> = verifyToken("", "");
      // @ts-expect-error a port is no URL
      connectPostgres({ url: 5432 });
      export { auth, withUser };`,
    );
    const compile = `npx --no-install tsc --noEmit --strict --skipLibCheck --module nodenext --target es2023 --types node`;
    await expect(runShell(`${compile} '${join(folder, "types.ts")}'`)).resolves.toBe("");
  });

  it("runs as a command line", async () => {
    const key = await runShell(
      `cd '${folder}' && node node_modules/miosa-auth/dist/cli/main.js key generate`,
    );
    expect(key).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it("ships what it needs, and nothing of its tests", async () => {
    const files = (await runShell(`cd '${installed}' && find . -type f | sort`)).split("\n");
    expect(files).toContain("./sql/project/migrations/3_users.sql");
    expect(files).toContain("./dist/src/passwords/worker.js");
    expect(files).toContain("./LICENSE");
    expect(files.filter((name) => /^\.\/(test|bench|src|cli|examples)\//.test(name))).toEqual([]);
  });

  it("is what publint and are-the-types-wrong call well-formed", async () => {
    await runShell("npx --no-install publint --strict");
    const packed = (await runShell(`ls '${folder}'/*.tgz`)).trim();
    await runShell(`npx --no-install attw '${packed}' --profile esm-only`);
  });
});
