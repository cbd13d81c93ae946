import pMap from "p-map";
import type { Database } from "../database/database.ts";
import { listProjects } from "../projects/registry.ts";
import type { Progress } from "../projects/upgrade_projects.ts";
import { type SignOutReport, signOutUsers } from "./sign_out.ts";

export interface FleetSignOutOptions {
  /** The projects; every project of the database without, suspended ones too. */
  readonly ids?: readonly string[];
  /** Projects at work at once; 4 by default. The database's pool should have as many connections. */
  readonly concurrency?: number;
  /** Runs the work; knows how many projects there are, and hears of each that is done or failed. */
  readonly progress?: Progress;
}

export interface FleetSignOutReport {
  readonly signed_out: readonly ({ readonly id: string } & SignOutReport)[];
  readonly failed: readonly { readonly id: string; readonly error: Error }[];
}

/** {@link signOutUsers} of projects side by side; one that fails stops no other. */
export async function signOutProjects(
  database: Database,
  options: FleetSignOutOptions = {},
): Promise<FleetSignOutReport> {
  const { concurrency = 4, progress = (_, work) => work(() => {}) } = options;
  const ids = options.ids ?? (await listProjects(database)).map(({ id }) => id);
  const signedOut: ({ id: string } & SignOutReport)[] = [];
  const failed: { id: string; error: Error }[] = [];
  const signOut = async (id: string) => {
    try {
      signedOut.push({ id, ...(await signOutUsers(database, id)) });
    } catch (error) {
      failed.push({ id, error: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  const todo = [...new Set(ids)];
  await progress(todo.length, async (advance) => {
    await pMap(todo, (id) => signOut(id).then(advance), { concurrency });
  });
  return { signed_out: signedOut.sort((a, b) => (a.id < b.id ? -1 : 1)), failed };
}
