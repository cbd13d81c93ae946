import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "../database/errors.ts";
import { AuthError } from "../errors.ts";

const attempts = 4;

/** Runs a transaction again that met another one: who waits for a lock in vain lets others pass first. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !mayPass(error)) throw error;
      await sleep(100 * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

// A lock that was not to be had in time, a deadlock, or two who changed one row of the catalogue.
function mayPass(error: unknown): boolean {
  const failure = error instanceof AuthError ? error.cause : error;
  return (
    failure instanceof DatabaseError && /^(55P03|40001|40P01|XX000)$/.test(failure.sqlstate ?? "")
  );
}
