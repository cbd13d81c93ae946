import fc from "fast-check";
import { expect, it } from "vitest";
import { ageSession } from "../support/age.ts";
import { createTestProject } from "../support/project.ts";
import { countLeaves, endOf, openSession, refresh } from "../support/sessions.ts";

const project = await createTestProject();

/** What happens to a session, by whoever holds one of its tokens: `back` counts from the latest. */
type Step =
  | { readonly do: "refresh"; readonly back: number }
  | { readonly do: "wait"; readonly seconds: number }
  | { readonly do: "logout"; readonly back: number };

const back = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.nat({ max: 20 }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("refresh" as const), back }) },
  // Far from a sum of 10 s, so that the time a step takes does not matter.
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      seconds: fc.constantFrom(5, 3600),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("logout" as const), back }) },
);

/** The rules of the refresh tokens of one session, in their shortest form. */
class Model {
  now = 0;
  end: "logout" | "refresh_token_reuse" | null = null;
  readonly usedAt: (number | null)[] = [null];
  #lateInRow = 0;
  #lastLate = -1;

  /** The token that is given for the one at `index`, or a refusal. */
  refresh(index: number): number | string {
    if (this.end) return "session_not_found";
    const child = index + 1;
    const used = this.usedAt[index];
    if (used === null || used === undefined) {
      if (this.#lastLate !== index - 1) this.#lateInRow = 0;
      this.usedAt[index] = this.now;
      this.usedAt.push(null);
      return child;
    }
    if (this.now - used < 10) return child;
    if (this.#lastLate !== index || this.#lateInRow === 0) this.#lateInRow += 1;
    this.#lastLate = index;
    if (this.usedAt[child] !== null || this.#lateInRow >= 3) {
      this.end = "refresh_token_reuse";
      return "refresh_token_already_used";
    }
    return child;
  }
}

it("whatever is presented, in any order and at any time, one lineage grows, and none after the end (I2, I3)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
      const session = await openSession(project);
      const issued = [session.refreshToken];
      const model = new Model();

      for (const taken of steps) {
        const index = Math.max(0, issued.length - 1 - ("back" in taken ? taken.back : 0));
        const token = issued[index] ?? "";
        if (taken.do === "wait") {
          await ageSession(project, session.id, `${taken.seconds} seconds`);
          model.now += taken.seconds;
        } else if (taken.do === "logout") {
          expect((await project.post("/logout", { refresh_token: token })).status).toBe(204);
          model.end ??= "logout";
        } else {
          const { status, body } = await refresh(project, token);
          const expected = model.refresh(index);
          if (typeof expected === "string") {
            expect({ status, code: body.error_code }).toEqual({ status: 400, code: expected });
          } else {
            expect(status).toBe(200);
            if (expected === issued.length) issued.push(body.refresh_token);
            expect(body.refresh_token).toBe(issued[expected]);
          }
        }
      }

      expect(new Set(issued).size).toBe(issued.length);
      expect(await countLeaves(project, session.id)).toBe(1);
      expect(await endOf(project, session.id)).toBe(model.end);
      // Once it has ended, no token that was ever issued is worth anything.
      if (model.end) {
        for (const token of issued) expect((await refresh(project, token)).status).toBe(400);
      }
    }),
    { numRuns: 60 },
  );
});
