import { Writable } from "node:stream";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createProject } from "../../src/projects/create_project.ts";
import { readEnvironment } from "../../src/projects/environment.ts";
import { generateMasterKey, jwtKeyContext, seal } from "../../src/projects/secrets.ts";
import { claimsOf, craftToken } from "../support/jwt.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";
import { freshServer } from "../support/signing_keys.ts";

/** What a server that has just started answers, and what it logs. */
async function firstAnswer(project: TestProject, token: string, masterKey?: string) {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const logger = pino({ base: null }, sink);
  const auth = await freshServer({ logger, ...(masterKey ? { masterKey } : {}) });
  const { status, body } = await project.request("/user", { token, auth });
  const jwks = await project.request("/.well-known/jwks.json", { auth });
  await auth.close();
  return { status, code: body.error_code, jwks: jwks.status, log: lines.join("") };
}

const unavailable = { status: 503, code: "service_unavailable", jwks: 503 };

/** Replaces the sealed secret of the project's key. */
async function replaceSealed(project: TestProject, sealed: Buffer): Promise<void> {
  await project.sql("update jwt_keys set sealed = $1", [sealed]);
}

async function resealed(project: TestProject, secret: string): Promise<Buffer> {
  const [key] = await project.sql<{ kid: string }>("select kid from jwt_keys");
  return seal(project.service.keyring, secret, jwtKeyContext(project.id, key?.kid ?? ""));
}

describe("a project whose key cannot be used", () => {
  it("is not served without its key, whatever signs the token (case 49)", async () => {
    const project = await createTestProject();
    const { access_token: token } = await project.signUp();
    await project.sql("delete from jwt_keys");
    for (const sign of [project.jwtSecret, "", "undefined", "null", "\0"]) {
      const crafted = craftToken({ payload: claimsOf(token), sign });
      const { log, ...answer } = await firstAnswer(project, crafted);
      expect(answer).toEqual(unavailable);
      expect(log).toContain("exactly one active JWT key");
    }
  });

  it("is not served with a secret under 32 bytes (cases 46, 49)", async () => {
    const project = await createTestProject();
    const { access_token: token } = await project.signUp();
    for (const short of ["", "\0", "x".repeat(31), "é".repeat(15)]) {
      await replaceSealed(project, await resealed(project, short));
      const crafted = craftToken({ payload: claimsOf(token), sign: short });
      const { log, ...answer } = await firstAnswer(project, crafted);
      expect(answer).toEqual(unavailable);
      expect(log).toContain("at least 32 bytes");
    }
    const long = "é".repeat(16);
    await replaceSealed(project, await resealed(project, long));
    const crafted = craftToken({ payload: claimsOf(token), sign: long });
    expect(await firstAnswer(project, crafted)).toMatchObject({ status: 200 });
  });

  it("is not created with a secret under 32 bytes (cases 46, 49)", async () => {
    const { admin, keyring } = await openService();
    for (const jwtSecret of [
      "",
      "undefined",
      "x".repeat(31),
      "é".repeat(15),
      `${"x".repeat(40)}\0`,
    ]) {
      await expect(
        createProject(admin, { id: "proj_short_secret", keyring, jwtSecret }),
      ).rejects.toMatchObject({ code: "validation_failed" });
    }
  });

  it("cannot use the sealed key of another project, nor a changed one", async () => {
    const [project, other] = [await createTestProject(), await createTestProject()];
    const { access_token: token } = await project.signUp();
    const [own] = await project.sql<{ sealed: Uint8Array }>("select sealed from jwt_keys");
    const [foreign] = await other.sql<{ sealed: Uint8Array }>("select sealed from jwt_keys");
    const original = Buffer.from(own?.sealed ?? []);
    const changed = [0, 1, 5, 17, 33, original.length - 1].map((at) => {
      const copy = Buffer.from(original);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    });
    const cut = [original.subarray(0, -1), original.subarray(0, 20), Buffer.alloc(0)];
    for (const sealed of [Buffer.from(foreign?.sealed ?? []), ...changed, ...cut]) {
      await replaceSealed(project, sealed);
      const { log, ...answer } = await firstAnswer(project, token);
      expect(answer).toEqual(unavailable);
      expect(log).toContain('"reason":"');
    }
    await replaceSealed(project, original);
    expect(await firstAnswer(project, token)).toMatchObject({ status: 200 });
  });

  it("answers 503 under another MIOSA_AUTH_KEY, and the log says why without a secret", async () => {
    const project = await createTestProject();
    const { access_token: token } = await project.signUp();
    const wrong = generateMasterKey();
    const { log, ...answer } = await firstAnswer(project, token, wrong);
    expect(answer).toEqual(unavailable);
    expect(log).toContain("this MIOSA_AUTH_KEY does not open the project's secrets");
    const [row] = await project.sql<{ sealed: string }>(
      "select encode(sealed, 'hex') as sealed from jwt_keys",
    );
    const secrets = [wrong, project.service.masterKey, project.jwtSecret, token, row?.sealed];
    for (const secret of secrets) expect(log).not.toContain(secret);
  });

  it("is served under two keys while MIOSA_AUTH_KEY is changed, the new one first", async () => {
    const { admin, masterKey: old, publicUrl } = await openService();
    const project = await createTestProject();
    const { access_token: token } = await project.signUp();
    const fresh = generateMasterKey();
    for (const keys of [`${fresh},${old}`, `${old}, ${fresh}`, `${fresh},${old.toUpperCase()}`]) {
      expect(await firstAnswer(project, token, keys)).toMatchObject({ status: 200, jwks: 200 });
    }
    expect(await firstAnswer(project, token, fresh)).toMatchObject(unavailable);
    await expect(
      readEnvironment(admin, project.id, project.service.keyring, publicUrl),
    ).resolves.toEqual({ AUTH_URL: project.authUrl, AUTH_JWT_SECRET: project.jwtSecret });
  });
});

describe("a project that does not exist", () => {
  it("is not found, whatever the token (case 49)", async () => {
    const project = await createTestProject();
    const { access_token: token } = await project.signUp();
    const { auth, publicUrl } = project.service;
    for (const crafted of [token, "garbage", craftToken({ payload: claimsOf(token), sign: "" })]) {
      const response = await auth.fetch(
        new Request(`${publicUrl}/proj_nobody/user`, {
          headers: { Authorization: `Bearer ${crafted}` },
        }),
      );
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error_code: "project_not_found" });
    }
  });
});
