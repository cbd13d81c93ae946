import type { Database } from "../database/database.ts";
import { eachProject, type FailedProject, type FleetOptions } from "../projects/each_project.ts";
import { type SignOutReport, signOutUsers } from "./sign_out.ts";

export interface FleetSignOutReport {
  readonly signed_out: readonly ({ readonly id: string } & SignOutReport)[];
  readonly failed: readonly FailedProject[];
}

/** {@link signOutUsers} of projects side by side, suspended ones too; one that fails stops no other. */
export async function signOutProjects(
  database: Database,
  options: FleetOptions = {},
): Promise<FleetSignOutReport> {
  const signOut = (id: string) => signOutUsers(database, id);
  const { done, failed } = await eachProject(database, signOut, options);
  return { signed_out: done.map(({ id, value }) => ({ id, ...value })), failed };
}
