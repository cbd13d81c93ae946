import { Command, Option } from "commander";
import { countOldAnonymousUsers, pruneAnonymousUsers } from "../../../src/index.ts";
import { databaseOption, jsonOption, parseDuration, withDatabase } from "../../options.ts";
import { print, printNotes } from "../../output.ts";
import { progressBar } from "../../terminal.ts";

interface Options {
  database: string;
  anonymousOlderThan: number;
  json?: boolean;
}

export function usersPrune(): Command {
  return new Command("prune")
    .description("Delete anonymous users who have not come by for long")
    .argument("<project>", "the project")
    .addOption(
      new Option("--anonymous-older-than <time>", "since they last came by, such as 30d")
        .argParser(parseDuration)
        .makeOptionMandatory(),
    )
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
With all that is theirs: sessions, mail that waits, and rows of yours that refer to them with
on delete cascade. Whom your tables or triggers hold stays, and is counted. A hundred at most go a
transaction, so it can be stopped and run again at any time.`,
    )
    .action(async (project: string, options: Options) => {
      const age = { olderThan: options.anonymousOlderThan };
      const report = await withDatabase(options.database, async (database) => {
        const total = await countOldAnonymousUsers(database, project, age);
        return progressBar("deleting", total, (advance) =>
          pruneAnonymousUsers(database, project, {
            ...age,
            onProgress: (deleted) => {
              for (let n = 0; n < deleted; n++) advance();
            },
          }),
        );
      });
      print(report, options.json, () => [`Deleted ${report.deleted} anonymous user(s).`]);
      if (report.held > 0 && !options.json) {
        printNotes([`${report.held} stay: your application refers to them, or refuses`]);
      }
    });
}
