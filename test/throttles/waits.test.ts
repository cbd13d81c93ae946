import { describe, expect, it } from "vitest";
import { type ProjectFunctions, projectFunctions } from "../../src/database/functions.ts";
import { ageBudgets } from "../support/age.ts";
import { createTestProject, freshEmail, type TestProject } from "../support/project.ts";

const client = { address: null, userAgent: null };

interface Guessed {
  readonly project: TestProject;
  readonly passwordSalt: ProjectFunctions["passwordSalt"];
  readonly email: string;
}

async function guessAt(settings: Record<string, number>): Promise<Guessed> {
  const project = await createTestProject(settings);
  const { passwordSalt } = projectFunctions(project.service.runtime, project.id);
  return { project, passwordSalt, email: freshEmail() };
}

/** Reserves a guess: null when it may be made, else the seconds to wait. */
async function reserve({ passwordSalt, email }: Guessed): Promise<number | null> {
  const reply = await passwordSalt({ email, client });
  if (reply.outcome === null) return null;
  expect(reply.outcome).toBe("over_request_rate_limit");
  return (reply as { retry_after: number }).retry_after;
}

describe("the wait after failed guesses (case 13)", () => {
  it("begins after 10 failures and a day has 100 guesses, unless a project is set otherwise", async () => {
    const { project } = await guessAt({});
    expect(
      await project.sql("select login_failures_before_wait, login_guesses_per_day from settings"),
    ).toEqual([{ login_failures_before_wait: 10, login_guesses_per_day: 100 }]);
  });

  it("doubles from 1 minute to 15", async () => {
    const guessed = await guessAt({ login_failures_before_wait: 2 });
    expect(await reserve(guessed)).toBeNull();
    for (const minutes of [1, 2, 4, 8, 15, 15, 15]) {
      expect(await reserve(guessed)).toBeNull();
      const wait = await reserve(guessed);
      expect(wait).toBeGreaterThan(minutes * 60 - 30);
      expect(wait).toBeLessThanOrEqual(minutes * 60);
      await ageBudgets(guessed.project, `${minutes} minutes`);
    }
  });

  it("is until the day is over once a day's guesses are made, and no longer", async () => {
    const guessed = await guessAt({ login_failures_before_wait: 100, login_guesses_per_day: 5 });
    for (let guess = 1; guess <= 5; guess += 1) expect(await reserve(guessed)).toBeNull();
    expect(await reserve(guessed)).toBeGreaterThan(86_400 - 60);
    await ageBudgets(guessed.project, "23 hours");
    expect(await reserve(guessed)).toBeGreaterThan(3_600 - 60);
    await ageBudgets(guessed.project, "1 hour");
    for (let guess = 1; guess <= 5; guess += 1) expect(await reserve(guessed)).toBeNull();
    expect(await reserve(guessed)).toBeGreaterThan(86_400 - 60);
  });

  it("begins anew after a day, however long it had become", async () => {
    const guessed = await guessAt({ login_failures_before_wait: 2 });
    for (let failure = 1; failure <= 4; failure += 1) {
      expect(await reserve(guessed)).toBeNull();
      await ageBudgets(guessed.project, "15 minutes");
    }
    await ageBudgets(guessed.project, "23 hours");
    expect(await reserve(guessed)).toBeNull();
    expect(await reserve(guessed)).toBeNull();
    const wait = await reserve(guessed);
    expect(wait).toBeGreaterThan(30);
    expect(wait).toBeLessThanOrEqual(60);
  });

  it("leaves 100 guesses a day at most to who waits every time", async () => {
    const guessed = await guessAt({});
    let guesses = 0;
    for (let minute = 0; minute < 24 * 60; minute += 15) {
      while ((await reserve(guessed)) === null) guesses += 1;
      await ageBudgets(guessed.project, "15 minutes");
      if (guesses > 100) break;
    }
    expect(guesses).toBeGreaterThan(90);
    expect(guesses).toBeLessThanOrEqual(100);
  });

  it("cannot be set to more guesses than that", async () => {
    for (const settings of [
      { login_guesses_per_day: 101 },
      { login_failures_before_wait: 101 },
      { login_failures_before_wait: 0 },
    ]) {
      await expect(createTestProject(settings)).rejects.toMatchObject({
        code: "validation_failed",
      });
    }
  });
});
