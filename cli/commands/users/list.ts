import { Command, Option } from "commander";
import { listUsers } from "../../../src/index.ts";
import { databaseOption, jsonOption, parseWhole, withDatabase } from "../../options.ts";
import { print, printNotes } from "../../output.ts";
import { table } from "../../terminal.ts";

interface Options {
  database: string;
  limit: number;
  after?: string;
  filter?: string;
  json?: boolean;
}

export function usersList(): Command {
  return new Command("list")
    .description("List the users of a project, newest first")
    .argument("<project>", "the project")
    .addOption(
      new Option("--limit <number>", "users a page")
        .default(50)
        .argParser((text) => parseWhole(text, { least: 1, most: 1_000 })),
    )
    .option("--after <cursor>", "the `next` of the page before")
    .option("--filter <text>", "only addresses with this in them")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (project: string, options: Options) => {
      const { limit, after, filter } = options;
      const page = await withDatabase(options.database, (database) =>
        listUsers(database, project, {
          limit,
          ...(after === undefined ? {} : { after }),
          ...(filter === undefined ? {} : { filter }),
        }),
      );
      print(page, options.json, () =>
        table(
          ["id", "email", "created", "last sign-in", "banned until"],
          page.users.map((user) => [
            user.id,
            user.email,
            user.created_at,
            user.last_sign_in_at,
            user.banned_until,
          ]),
        ),
      );
      if (page.next !== null && !options.json) printNotes([`there are more: --after ${page.next}`]);
    });
}
