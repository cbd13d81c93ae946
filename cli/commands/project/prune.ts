import { Command } from "commander";
import { type PrunedRows, pruneProjects } from "../../../src/index.ts";
import { databaseOption, flag, jsonOption, withDatabase } from "../../options.ts";
import { print, reasonOf } from "../../output.ts";
import { colours, progressBar, table } from "../../terminal.ts";

interface Options {
  database: string;
  all?: boolean;
  json?: boolean;
}

interface Report {
  readonly pruned: Readonly<Record<string, PrunedRows>>;
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
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
  const { pruned, failed } = await withDatabase(options.database, (database) =>
    pruneProjects(database, {
      ...(options.all ? {} : { ids }),
      progress: (total, work) => progressBar("Projects", total, work),
    }),
  );
  const report = {
    pruned,
    failed: failed.map(({ id, error }) => ({ id, reason: reasonOf(error) })),
  };
  print(report, options.json, () => reportLines(report));
  if (failed.length > 0) process.exitCode = 1;
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
