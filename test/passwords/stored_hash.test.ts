import bcryptjs from "bcryptjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { AuthError } from "../../src/errors.ts";
import { createHasher } from "../../src/passwords/hasher.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { newSalt } from "../../src/passwords/salt.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { openCountingService } from "../support/counting.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

describe("the stored hash of a password (case 9)", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject();
  });

  async function storedHash(userId: string): Promise<string> {
    const [row] = await project.sql<{ password_hash: string }>(
      "select password_hash from users where id = $1",
      [userId],
    );
    return row?.password_hash ?? "";
  }

  it("is bcrypt $2a$ of cost 10 with a salt of its own", async () => {
    const users = [(await project.signUp()).user, (await project.signUp()).user];
    const hashes = await Promise.all(users.map(({ id }) => storedHash(id)));
    for (const hash of hashes) {
      expect(hash).toMatch(/^\$2a\$10\$[./A-Za-z0-9]{53}$/);
      expect(await bcryptjs.compare(goodPassword, hash)).toBe(true);
    }
    expect(hashes[0]?.slice(0, 29)).not.toBe(hashes[1]?.slice(0, 29));
  });

  it("can be nothing that is weaker", async () => {
    const { user } = await project.signUp();
    for (const hash of [goodPassword, "$1$abcdefgh$0123456789012345678901", "rlTyjLjVjYH7E", ""]) {
      const update = project.sql("update users set password_hash = $2 where id = $1", [
        user.id,
        hash,
      ]);
      await expect(update).rejects.toMatchObject({ constraint: "users_password_hash_is_bcrypt" });
    }
    await expect(createTestProject({ bcrypt_cost: 9 })).rejects.toMatchObject({
      code: "validation_failed",
    });
  });

  it("of an imported $2b$ user signs in as it is", async () => {
    const { user } = await project.signUp();
    const imported = (await bcryptjs.hash("their old phrase", 10)).replace(/^\$2[ab]/, "$2b");
    await project.sql("update users set password_hash = $2 where id = $1", [user.id, imported]);
    const signIn = (password: string) => project.post("/token", { email: user.email, password });
    expect((await signIn("their old phrase")).status).toBe(200);
    expect((await signIn(goodPassword)).status).toBe(400);
    expect(await storedHash(user.id)).toBe(imported);
  });

  it("of an imported user whose cost is lower than any here is renewed at the first sign-in", async () => {
    const { user } = await project.signUp();
    const imported = await bcryptjs.hash("their old phrase", 4);
    await project.sql("update users set password_hash = $2 where id = $1", [user.id, imported]);
    const signIn = () =>
      project.post("/token", { email: user.email, password: "their old phrase" });
    expect((await signIn()).status).toBe(200);
    expect(await storedHash(user.id)).toMatch(/^\$2a\$10\$/);
    expect((await signIn()).status).toBe(200);
  });

  describe("when the project's cost is raised", () => {
    let raised: Awaited<ReturnType<typeof openCountingService>>;

    beforeAll(async () => {
      await project.sql("update settings set bcrypt_cost = 11");
      raised = await openCountingService();
    });
    afterAll(() => raised.auth.close());

    const signIn = (email: string, password: string) =>
      project.post("/token", { email, password }, { auth: raised.auth });

    /** A user of before; a server learns of the new cost within some seconds. */
    async function olderUser(): Promise<SessionReply> {
      const session = await project.signUp();
      const hash = await bcryptjs.hash(goodPassword, newSalt(10));
      await project.sql("update users set password_hash = $2 where id = $1", [
        session.user.id,
        hash,
      ]);
      return session;
    }

    it("is renewed by the right password and by no other, and the password stays", async () => {
      const { user, refresh_token } = await olderUser();
      const before = await storedHash(user.id);
      expect(before).toMatch(/^\$2a\$10\$/);
      expect((await signIn(user.email, "not the password")).status).toBe(400);
      expect(await storedHash(user.id)).toBe(before);

      expect((await signIn(user.email, goodPassword)).status).toBe(200);
      const after = await storedHash(user.id);
      expect(after).toMatch(/^\$2a\$11\$/);
      expect((await signIn(user.email, goodPassword)).status).toBe(200);
      expect(await storedHash(user.id)).toBe(after);
      // It is the same password: nobody is signed out.
      expect((await project.post("/refresh", { refresh_token })).status).toBe(200);
    });

    it("is left as it is by a server that is too busy to renew it, which signs in all the same", async () => {
      const { user } = await olderUser();
      const before = await storedHash(user.id);
      const hasher = createHasher();
      const busy = await openCountingService({
        ...hasher,
        async hash(password, salt, id) {
          if (salt.startsWith("$2a$11$")) throw new AuthError("service_unavailable");
          return hasher.hash(password, salt, id);
        },
      });
      const credentials = { email: user.email, password: goodPassword };
      const { value, hashes } = await busy.measure(project, () =>
        project.post<SessionReply>("/token", credentials, { auth: busy.auth }),
      );
      await busy.auth.close();
      expect([value.status, hashes]).toEqual([200, ["$2a$10$", "$2a$11$"]]);
      const token = value.body.access_token;
      expect((await project.request("/user", { token })).status).toBe(200);
      expect(await storedHash(user.id)).toBe(before);
      expect((await signIn(user.email, goodPassword)).status).toBe(200);
      expect(await storedHash(user.id)).toMatch(/^\$2a\$11\$/);
    });

    it("is not renewed over a password that was changed in between", async () => {
      const { user } = await project.signUp();
      const { renewPasswordHash } = projectFunctions(project.service.runtime, project.id);
      const proof = hashProof(await storedHash(user.id));
      const changed = newSalt(10) + "x".repeat(31);
      await project.sql("update users set password_hash = $2 where id = $1", [user.id, changed]);
      const passwordHash = newSalt(11) + "y".repeat(31);
      expect(await renewPasswordHash({ userId: user.id, proof, passwordHash })).toEqual({
        outcome: null,
        renewed: false,
      });
      expect(await storedHash(user.id)).toBe(changed);
    });
  });

  it("has a cost that the service can compute, or is refused where it is written", async () => {
    const project = await createTestProject();
    const { user } = await project.signUp();
    for (const cost of ["03", "17", "31"]) {
      const hash = `$2a$${cost}$${"a".repeat(53)}`;
      await expect(
        project.sql("update users set password_hash = $2 where id = $1", [user.id, hash]),
      ).rejects.toThrow("users_password_hash_is_bcrypt");
    }
  });
});
