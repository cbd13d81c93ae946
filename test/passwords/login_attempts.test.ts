import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type ProjectFunctions, projectFunctions } from "../../src/database/functions.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { newSalt } from "../../src/passwords/salt.ts";
import { newRefreshToken } from "../../src/tokens/refresh_token.ts";
import { createTestProject, freshEmail, type TestProject } from "../support/project.ts";

const client = { address: null, userAgent: null };

// SQL only compares, so a hash that nobody computed will do.
const storedHash = newSalt(10) + "x".repeat(31);
const rightProof = hashProof(storedHash);

describe("an attempt at a sign-in, by the server's own calls", () => {
  let project: TestProject;
  let functions: ProjectFunctions;
  let email: string;

  beforeAll(async () => {
    project = await createTestProject();
    functions = projectFunctions(project.service.runtime, project.id);
    email = await insertUser();
  });

  async function insertUser(): Promise<string> {
    const address = freshEmail();
    await project.sql("insert into users (email, password_hash) values ($1, $2)", [
      address,
      storedHash,
    ]);
    return address;
  }

  async function reserve(address = email): Promise<string> {
    const reply = await functions.passwordSalt({ email: address, client });
    expect(reply).toMatchObject({ outcome: null });
    return (reply as { attempt: string }).attempt;
  }

  async function login(attempt: string, address = email, proof = rightProof) {
    const { hash: tokenHash } = newRefreshToken();
    const reply = await functions.login({ attempt, email: address, proof, tokenHash, client });
    return reply.outcome;
  }

  it("is given the salt and never the hash, which stays in the database", async () => {
    const reply = await functions.passwordSalt({ email, client });
    expect(reply).toMatchObject({ salt: storedHash.slice(0, 29) });
    expect(JSON.stringify(reply)).not.toContain(storedHash.slice(29));
  });

  it("signs in once", async () => {
    const attempt = await reserve();
    expect(await login(attempt)).toBeNull();
    expect(await login(attempt)).toBe("invalid_credentials");
  });

  it("is one guess: after a wrong proof the right one comes too late", async () => {
    const attempt = await reserve();
    expect(await login(attempt, email, hashProof("another hash"))).toBe("invalid_credentials");
    expect(await login(attempt)).toBe("invalid_credentials");
  });

  it("is worth nothing for another address, where it was not paid for", async () => {
    const other = await insertUser();
    const attempt = await reserve(other);
    expect(await login(attempt)).toBe("invalid_credentials");
    expect(await login(attempt, other)).toBeNull();
  });

  it("is worth nothing when it was never reserved, or is older than 2 minutes", async () => {
    expect(await login(randomUUID())).toBe("invalid_credentials");
    const attempt = await reserve();
    const age = (interval: string) =>
      project.sql("update login_attempts set expires_at = expires_at - $1::interval", [interval]);
    await age("60 seconds");
    expect(await login(attempt)).toBeNull();
    const late = await reserve();
    await age("120 seconds");
    expect(await login(late)).toBe("invalid_credentials");
  });

  it("does not pile up when nobody uses it", async () => {
    for (let unused = 1; unused <= 5; unused += 1) await reserve();
    await project.sql("update login_attempts set expires_at = now() - interval '1 second'");
    await reserve();
    expect(await project.sql("select count(*)::int as n from login_attempts")).toEqual([{ n: 1 }]);
  });

  it("compares nothing for a user without a password", async () => {
    const address = freshEmail();
    await project.sql("insert into users (email) values ($1)", [address]);
    for (const proof of [hashProof(""), hashProof("null"), rightProof, Buffer.alloc(0)]) {
      expect(await login(await reserve(address), address, proof)).toBe("invalid_credentials");
    }
  });
});
