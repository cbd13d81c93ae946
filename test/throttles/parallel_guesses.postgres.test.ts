import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { type CountingService, openCountingService } from "../support/counting.ts";
import { untilWaiting } from "../support/locks.ts";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";

const client = { address: null, userAgent: null };

describe("guesses made at the same time", () => {
  let counting: CountingService;

  beforeAll(async () => {
    counting = await openCountingService();
  });
  afterAll(() => counting.auth.close());

  it("cannot outrun the budget: 200 sign-ins cost ten hashes (case 14)", async () => {
    const project = await createTestProject();
    const { user } = await project.signUp();
    const body = { email: user.email, password: "not the password" };
    const { value: replies, hashes } = await counting.measure(project, () =>
      Promise.all(
        Array.from({ length: 200 }, () => project.post("/token", body, { auth: counting.auth })),
      ),
    );

    expect(hashes).toHaveLength(10);
    const statuses = replies.map((reply) => reply.status);
    expect(statuses.filter((status) => status === 400)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(190);
    expect(await project.sql("select failures, day_guesses from guess_budgets")).toEqual([
      { failures: 10, day_guesses: 10 },
    ]);
    const right = { email: user.email, password: goodPassword };
    expect((await project.post("/token", right)).status).toBe(429);
  });

  it("spend one attempt once", async () => {
    const project = await createTestProject();
    const { passwordSalt, login } = projectFunctions(project.service.runtime, project.id);
    const email = freshEmail();
    const hash = `$2a$10$${"x".repeat(53)}`;
    await project.sql("insert into users (email, password_hash) values ($1, $2)", [email, hash]);

    const proof = hashProof(hash);

    for (let round = 1; round <= 10; round += 1) {
      const reserved = await passwordSalt({ email, client });
      const { attempt } = reserved as { attempt: string };
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const tokenHash = Buffer.alloc(32, 8 * round + index);
          return (await login({ attempt, email, proof, tokenHash, client })).outcome;
        }),
      );
      expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
    }
    expect(await project.sql("select count(*)::int as n from sessions")).toEqual([{ n: 10 }]);
  });

  it("are answered when the account is deleted while they wait for its budget", async () => {
    const project = await createTestProject();
    const { passwordSalt } = projectFunctions(project.service.runtime, project.id);
    const email = freshEmail();
    await passwordSalt({ email, client });

    const { reply } = await project.transaction(async (query) => {
      await query("select from guess_budgets for update");
      const reply = passwordSalt({ email, client });
      await untilWaiting(project);
      await query("delete from guess_budgets");
      return { reply };
    });
    expect(await reply).toMatchObject({ outcome: null });
    expect(await project.sql("select failures from guess_budgets")).toEqual([{ failures: 1 }]);
  });
});
