import type { ProjectFunctions } from "../database/functions.ts";

/**
 * Computes what a guess was paid for. The guess is given back where that fails, as in a full queue of
 * hashes: nothing was compared, and clients come again.
 */
export async function makeGuess<T>(
  functions: ProjectFunctions,
  attempt: string | null,
  compute: () => Promise<T>,
): Promise<T> {
  try {
    return await compute();
  } catch (error) {
    if (attempt !== null) await functions.returnAttempt(attempt);
    throw error;
  }
}
