import { Command } from "commander";
import { countMail } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { table } from "../../terminal.ts";

export function mailStatus(): Command {
  return new Command("status")
    .description("Show how much mail of each project waits, is parked and was sent in 7 days")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async ({ database, json }: { database: string; json?: boolean }) => {
      const counts = await withDatabase(database, countMail);
      print(counts, json, () =>
        table(
          ["project", "queued", "parked", "sent", "oldest waits since", "newest failure"],
          counts.map((project) => [
            project.project,
            project.queued,
            project.parked,
            project.sent,
            project.oldest_queued_at,
            project.failure,
          ]),
        ),
      );
    });
}
