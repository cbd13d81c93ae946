import { Command, Option } from "commander";
import {
  connectPostgres,
  planUpgrade,
  type UpgradePlan,
  type UpgradeReport,
  upgradeProjects,
} from "../../src/index.ts";
import { databaseOption, flag, jsonOption, parseWhole } from "../options.ts";
import { print, reasonOf } from "../output.ts";
import { colours, progressBar, table } from "../terminal.ts";

interface Options {
  database: string;
  all?: boolean;
  dryRun?: boolean;
  again?: boolean;
  concurrency: number;
  json?: boolean;
}

export function migrate(): Command {
  return new Command("migrate")
    .description("Bring the database and its projects to this release")
    .argument("[ids...]", "the projects")
    .addOption(flag("--all", "every project of the database", "MIOSA_AUTH_ALL"))
    .addOption(databaseOption())
    .addOption(flag("--dry-run", "say what would be done, and do nothing", "MIOSA_AUTH_DRY_RUN"))
    .addOption(
      flag(
        "--again",
        "apply functions and rights where the release is this one already, too",
        "MIOSA_AUTH_AGAIN",
      ),
    )
    .addOption(
      new Option("--concurrency <number>", "projects at work at once")
        .env("MIOSA_AUTH_CONCURRENCY")
        .default(4)
        .argParser((text) => parseWhole(text, { least: 1, most: 64 })),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Each project is one transaction: servers go on serving, and a project that cannot be upgraded keeps
its release and stops no other. Interrupt it at will and run it again. Exits with 1 when a project
failed.`,
    )
    .action(run);
}

async function run(ids: string[], options: Options, command: Command): Promise<void> {
  if ((options.all === true) === ids.length > 0) {
    command.error("error: name the projects to bring over, or say --all");
  }
  const { concurrency, again = false } = options;
  const which = options.all ? {} : { ids };
  // One more than are at work, for what is asked beside.
  const database = connectPostgres({ url: options.database, connections: concurrency + 1 });
  try {
    if (options.dryRun) {
      const plan = await planUpgrade(database, which.ids);
      print(plan, options.json, () => planLines(plan));
      return;
    }
    const report = await upgradeProjects(database, {
      ...which,
      concurrency,
      again,
      progress: (total, work) => progressBar("Projects", total, work),
    });
    const failed = report.failed.map(({ id, error }) => ({ id, reason: reasonOf(error) }));
    print({ ...report, failed }, options.json, () => reportLines(report, failed));
    if (failed.length > 0) process.exitCode = 1;
  } finally {
    await database.close();
  }
}

function planLines({ shared, behind, current, missing }: UpgradePlan): string[] {
  return [
    `${shared ? "would upgrade" : "current"}\tmiosa_auth`,
    ...behind.map((id) => `would upgrade\t${id}`),
    ...missing.map((id) => `not there\t${id}`),
    `${behind.length} to upgrade, ${current.length} already current`,
  ];
}

function reportLines(
  { shared, upgraded, current }: UpgradeReport,
  failed: { id: string; reason: string }[],
): string[] {
  return [
    ...(shared ? ["upgraded\tmiosa_auth"] : []),
    ...upgraded.map((id) => `upgraded\t${id}`),
    ...(failed.length > 0
      ? table(
          ["", "project", "reason"],
          failed.map(({ id, reason }) => [colours.red("failed"), id, reason]),
        )
      : []),
    `${upgraded.length} upgraded, ${current.length} already current, ${failed.length} failed`,
  ];
}
