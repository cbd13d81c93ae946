import type { Database } from "../database/database.ts";
import { eachProject, type FailedProject, type FleetOptions } from "./each_project.ts";
import { type PrunedRows, pruneProject } from "./prune_project.ts";
import { listProjects } from "./registry.ts";

export interface FleetPruneReport {
  readonly pruned: Readonly<Record<string, PrunedRows>>;
  readonly failed: readonly FailedProject[];
}

/**
 * {@link pruneProject} of projects one after the other, so that a backlog is never more than one
 * transaction at a time; without ids, of those that are served. One that fails stops no other.
 */
export async function pruneProjects(
  database: Database,
  { ids, ...options }: Omit<FleetOptions, "concurrency"> = {},
): Promise<FleetPruneReport> {
  const { done, failed } = await eachProject(database, (id) => pruneProject(database, id), {
    ...options,
    ids: ids ?? (await served(database)),
    concurrency: 1,
  });
  return { pruned: Object.fromEntries(done.map(({ id, value }) => [id, value])), failed };
}

async function served(database: Database): Promise<string[]> {
  const projects = await listProjects(database);
  return projects.filter(({ state }) => state === "active").map(({ id }) => id);
}
