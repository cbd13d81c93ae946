import type { Database, Transaction } from "../database/database.ts";
import { administer } from "./administration.ts";

class Undo extends Error {}

/** Runs `work` in a transaction that is rolled back in any case, and returns what it found. */
export async function rehearse<T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  let found: { value: T } | undefined;
  try {
    await administer(database, async (tx) => {
      found = { value: await work(tx) };
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  if (!found) throw new Error("a rehearsal ended without its end");
  return found.value;
}
