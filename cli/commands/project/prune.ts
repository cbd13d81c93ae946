import { Command } from "commander";
import { type Database, listProjects, type PrunedRows, pruneProject } from "../../../src/index.ts";
import { databaseOption, flag, jsonOption, withDatabase } from "../../options.ts";
import { print, reasonOf } from "../../output.ts";
import { colours, progressBar, table } from "../../terminal.ts";

interface Options {
  database: string;
  all?: boolean;
  json?: boolean;
}

interface Report {
  readonly pruned: Record<string, PrunedRows>;
  readonly failed: { id: string; reason: string }[];
}

export function projectPrune(): Command {
  return new Command("prune")
    .description("Forget sessions, tokens, counts and audit lines that are over")
    .argument("[ids...]", "the projects")
    .addOption(flag("--all", "every project of the database that is served", "MIOSA_AUTH_ALL"))
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
\`serve\` does this by itself, unless it is told --no-prune; this is for those who would rather run it
at night. In small transactions that nobody waits for: it can be stopped and run again at any time.
Exits with 1 when a project failed; the others are pruned all the same.`,
    )
    .action(run);
}

async function run(ids: string[], options: Options, command: Command): Promise<void> {
  if ((options.all === true) === ids.length > 0) {
    command.error("error: name the projects to prune, or say --all");
  }
  const report = await withDatabase(options.database, async (database) =>
    pruneAll(database, options.all ? await served(database) : ids),
  );
  print(report, options.json, () => reportLines(report));
  if (report.failed.length > 0) process.exitCode = 1;
}

async function served(database: Database): Promise<string[]> {
  const projects = await listProjects(database);
  return projects.filter(({ state }) => state === "active").map(({ id }) => id);
}

async function pruneAll(database: Database, ids: readonly string[]): Promise<Report> {
  const report: Report = { pruned: {}, failed: [] };
  await progressBar("Projects", ids.length, async (advance) => {
    for (const id of ids) {
      try {
        report.pruned[id] = await pruneProject(database, id);
      } catch (error) {
        report.failed.push({ id, reason: reasonOf(error) });
      }
      advance();
    }
  });
  return report;
}

function reportLines({ pruned, failed }: Report): string[] {
  const rows = Object.entries(pruned).flatMap(([id, kinds]) =>
    Object.entries(kinds).map(([kind, count]) => [id, kind, count]),
  );
  return [
    ...(rows.length > 0 ? table(["project", "what", "rows"], rows) : []),
    ...failed.map(({ id, reason }) => `${colours.red("failed")}\t${id}\t${reason}`),
    `${Object.keys(pruned).length} pruned, ${failed.length} failed`,
  ];
}
