import { Command, Option } from "commander";
import { banUser } from "../../../src/index.ts";
import { databaseOption, jsonOption, parseDuration, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  for: number | "forever";
  json?: boolean;
}

export function usersBan(): Command {
  return new Command("ban")
    .description("Keep a user out for a time, or for ever")
    .argument("<project>", "the project")
    .argument("<user>", "its id or its address")
    .addOption(
      new Option("--for <time>", "30s, 15m, 24h, 7d, or `forever`")
        .argParser((text) => (text === "forever" ? text : parseDuration(text)))
        .makeOptionMandatory(),
    )
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nIt bites in the next call of each of the user's sessions, which count again when it is over.",
    )
    .action(async (project: string, who: string, options: Options) => {
      const user = await withDatabase(options.database, (database) =>
        banUser(database, project, who, options.for),
      );
      print(user, options.json, () => [`Banned ${user.email} until ${user.banned_until}.`]);
    });
}
