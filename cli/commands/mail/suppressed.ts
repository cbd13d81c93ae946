import { Command, Option } from "commander";
import { listSuppressions } from "../../../src/index.ts";
import { databaseOption, jsonOption, parseWhole, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { table } from "../../terminal.ts";

interface Options {
  database: string;
  limit: number;
  json?: boolean;
}

export function mailSuppressed(): Command {
  return new Command("suppressed")
    .description("List the addresses that a project sends no mail to, newest first")
    .argument("<project>", "the project")
    .addOption(
      new Option("--limit <number>", "addresses at most")
        .default(100)
        .argParser((text) => parseWhole(text, { least: 1, most: 10_000 })),
    )
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (project: string, { database, limit, json }: Options) => {
      const entries = await withDatabase(database, (connection) =>
        listSuppressions(connection, project, limit),
      );
      print(entries, json, () =>
        table(
          ["address", "reason", "since", "until"],
          entries.map((entry) => [
            entry.address,
            entry.reason,
            entry.suppressed_at,
            entry.expires_at,
          ]),
        ),
      );
    });
}
