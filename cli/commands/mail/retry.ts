import { Command, Option } from "commander";
import { retryMail } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  all?: boolean;
  project?: string;
  json?: boolean;
}

export function mailRetry(): Command {
  return new Command("retry")
    .description("Queue parked mail of the last day again")
    .argument("[ids...]", "which, as `mail list --state parked` names them")
    .option("--all", "every parked mail")
    .addOption(new Option("--project <id>", "with --all: of one project"))
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nWhat a parked mail says is erased after a day. Then it stays parked: let the person ask anew.",
    )
    .action(async (ids: string[], options: Options, command: Command) => {
      const { all = false, project, json } = options;
      if (all === ids.length > 0) command.error("error: name mails, or say --all");
      if (project !== undefined && !all) command.error("error: --project goes with --all");
      const queued = await withDatabase(options.database, (database) =>
        retryMail(database, all ? null : ids, project),
      );
      print({ queued }, json, () => [`Queued ${queued} mail(s) again.`]);
    });
}
