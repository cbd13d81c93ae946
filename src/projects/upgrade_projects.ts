import type { Database, Transaction } from "../database/database.ts";
import { sqlSet } from "../database/sql_files.ts";
import { AuthError } from "../errors.ts";
import { actAsAdministrator, administer, administration } from "./administration.ts";
import { eachProject, type FailedProject, type FleetOptions } from "./each_project.ts";
import { patiently } from "./patience.ts";
import { prepareDatabase } from "./prepare_database.ts";
import { projectNotFound } from "./registry.ts";
import { wouldChangeSharedSchema } from "./shared_release.ts";
import { type UpgradeOptions, upgradeProject } from "./upgrade_project.ts";

export interface FleetUpgradeOptions extends UpgradeOptions, FleetOptions {}

/** What is behind this release, and what is not. */
export interface UpgradePlan {
  /** Whether the schema `miosa_auth` itself differs from this release. */
  readonly shared: boolean;
  readonly behind: readonly string[];
  readonly current: readonly string[];
  /** Asked for, and not there. */
  readonly missing: readonly string[];
}

export interface UpgradeReport {
  /** Whether anything was changed in the schema `miosa_auth`. */
  readonly shared: boolean;
  readonly upgraded: readonly string[];
  readonly current: readonly string[];
  readonly failed: readonly FailedProject[];
}

/**
 * Says what {@link upgradeProjects} would do, and changes nothing.
 *
 * @throws AuthError validation_failed when the database was never prepared
 */
export async function planUpgrade(
  database: Database,
  ids?: readonly string[],
): Promise<UpgradePlan> {
  const projects = await findBehind(database, ids);
  return { shared: await wouldChangeSharedSchema(database), ...projects };
}

/**
 * Brings the schema `miosa_auth` and then projects to this release, each project in a transaction of
 * its own: one that fails keeps its release and stops no other, and what is interrupted is done by
 * the next run. Who waits for a lock in vain lets others pass before it tries again.
 *
 * @throws AuthError validation_failed when the database was never prepared
 */
export async function upgradeProjects(
  database: Database,
  options: FleetUpgradeOptions = {},
): Promise<UpgradeReport> {
  const { ids, again = false } = options;
  await findBehind(database, []);
  const shared = await wouldChangeSharedSchema(database);
  await prepareDatabase(database);

  const { behind, current, missing } = await findBehind(database, ids);
  const { done, failed } = await eachProject(
    database,
    (id) => patiently(() => upgradeProject(database, id, options)),
    { ...options, ids: again ? [...behind, ...current] : behind },
  );
  const idsOf = (isUpgraded: boolean) =>
    done.filter(({ value }) => value === isUpgraded).map(({ id }) => id);
  return {
    shared,
    upgraded: idsOf(true),
    current: [...(again ? [] : current), ...idsOf(false)].sort(),
    failed: [...missing.map((id) => ({ id, error: projectNotFound(id) })), ...failed],
  };
}

interface Releases {
  behind: string[];
  current: string[];
  missing: string[];
}

// The table and not list_projects(): it is there in every release, older ones too.
async function findBehind(database: Database, ids?: readonly string[]): Promise<Releases> {
  return administer(database, async (tx) => {
    await requirePrepared(tx);
    await actAsAdministrator(tx, await administration(tx));
    const [row] = await tx.query<Releases & Record<string, unknown>>(
      `select
        coalesce(array_agg(p.id order by p.id) filter (where p.release <> $1), '{}') as behind,
        coalesce(array_agg(p.id order by p.id) filter (where p.release = $1), '{}') as current,
        array(
          select wanted.id from unnest($2::text[]) as wanted (id)
          where not exists (select from projects known where known.id = wanted.id)
        ) as missing
      from projects p
      where $2::text[] is null or p.id = any ($2::text[])`,
      [sqlSet("project").release, ids ?? null],
    );
    return row ?? { behind: [], current: [], missing: [] };
  });
}

async function requirePrepared(tx: Transaction): Promise<void> {
  const [row] = await tx.query<{ prepared: boolean }>(
    "select to_regclass('miosa_auth.projects') is not null as prepared",
  );
  if (row?.prepared) return;
  throw new AuthError("validation_failed", {
    message: "This database holds no projects yet; run: miosa-auth database init --database URL",
  });
}
