import pMap from "p-map";
import type { Database } from "../database/database.ts";
import { listProjects } from "./registry.ts";

/** Runs the work; knows how many projects there are, and hears of each that is done or failed. */
export type Progress = (
  total: number,
  work: (advance: () => void) => Promise<void>,
) => Promise<void>;

export interface FleetOptions {
  /** The projects; every project of the database without. */
  readonly ids?: readonly string[];
  /** Projects at work at once; 4 by default. The database's pool should have as many connections. */
  readonly concurrency?: number;
  readonly progress?: Progress;
}

/** What came of each project, in the order of their ids. */
export interface FleetReport<T> {
  readonly done: readonly { readonly id: string; readonly value: T }[];
  readonly failed: readonly FailedProject[];
}

export interface FailedProject {
  readonly id: string;
  readonly error: Error;
}

/** Does the same to projects side by side, once to each; one that fails stops no other. */
export async function eachProject<T>(
  database: Database,
  work: (id: string) => Promise<T>,
  { ids, concurrency = 4, progress = unwatched }: FleetOptions = {},
): Promise<FleetReport<T>> {
  const todo = new Set(ids ?? (await listProjects(database)).map(({ id }) => id));
  const done: { id: string; value: T }[] = [];
  const failed: FailedProject[] = [];
  const attempt = async (id: string) => {
    try {
      done.push({ id, value: await work(id) });
    } catch (error) {
      failed.push({ id, error: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  await progress(todo.size, async (advance) => {
    await pMap(todo, (id) => attempt(id).then(advance), { concurrency });
  });
  return { done: done.sort(byId), failed: failed.sort(byId) };
}

const unwatched: Progress = (_, work) => work(() => {});

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
