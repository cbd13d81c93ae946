import { Command, Option } from "commander";
import { listMail, type MailState, mailStates } from "../../../src/index.ts";
import { databaseOption, jsonOption, parseWhole, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { table } from "../../terminal.ts";

interface Options {
  database: string;
  project?: string;
  state?: MailState;
  limit: number;
  json?: boolean;
}

export function mailList(): Command {
  return new Command("list")
    .description("List mail of the outbox, newest first, without what it says")
    .addOption(new Option("--project <id>", "of one project").env("MIOSA_AUTH_PROJECT"))
    .addOption(new Option("--state <state>", "in one state").choices(mailStates))
    .addOption(
      new Option("--limit <number>", "mails at most")
        .default(100)
        .argParser((text) => parseWhole(text, { least: 1, most: 10_000 })),
    )
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async ({ database, project, state, limit, json }: Options) => {
      const mails = await withDatabase(database, (connection) =>
        listMail(connection, {
          limit,
          ...(project === undefined ? {} : { projectId: project }),
          ...(state === undefined ? {} : { state }),
        }),
      );
      print(mails, json, () =>
        table(
          ["id", "project", "purpose", "recipient", "state", "attempts", "failure", "queued"],
          mails.map((mail) => [
            mail.id,
            mail.project,
            mail.purpose,
            mail.recipient,
            mail.state,
            mail.attempts,
            mail.failure,
            mail.queued_at,
          ]),
        ),
      );
    });
}
