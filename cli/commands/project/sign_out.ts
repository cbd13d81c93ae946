import { Command, Option } from "commander";
import { connectPostgres, signOutProjects } from "../../../src/index.ts";
import { databaseOption, jsonOption, parseWhole } from "../../options.ts";
import { print, reasonOf } from "../../output.ts";
import { colours, progressBar, table } from "../../terminal.ts";

interface Options {
  database: string;
  all?: boolean;
  concurrency: number;
  json?: boolean;
}

export function projectSignOut(): Command {
  return new Command("sign-out")
    .description("Sign every user out: after a failover that lost data, a restore, or a leak")
    .argument("[ids...]", "the projects")
    .option("--all", "every project of the database")
    .addOption(databaseOption())
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
Ends every session, mailed link and code, authorization code and sign-in under way. It cannot be
taken back: people sign in again, and ANONYMOUS USERS LOSE THEIR ACCOUNT, since they have nothing
to sign in with. Access tokens that are out verify in your apps until they expire, unless you run
project rotate-secret --now as well.

Two hundred users go a transaction: servers go on serving. It can be stopped and run again at any
time; run again, it also signs out who came back in between. After a failover or a restore, run it
before servers are let at the database. Exits with 1 when a project failed.`,
    )
    .action(run);
}

async function run(ids: string[], options: Options, command: Command): Promise<void> {
  if ((options.all === true) === ids.length > 0) {
    command.error("error: name the projects whose users to sign out, or say --all");
  }
  const { concurrency } = options;
  const database = connectPostgres({ url: options.database, connections: concurrency });
  try {
    const report = await signOutProjects(database, {
      ...(options.all ? {} : { ids }),
      concurrency,
      progress: (total, work) => progressBar("Projects", total, work),
    });
    const failed = report.failed.map(({ id, error }) => ({ id, reason: reasonOf(error) }));
    print({ ...report, failed }, options.json, () => [
      ...report.signed_out.map(
        ({ id, users, sessions }) => `${id}\t${users} user(s)\t${sessions} session(s) ended`,
      ),
      ...(failed.length > 0
        ? table(
            ["", "project", "reason"],
            failed.map(({ id, reason }) => [colours.red("failed"), id, reason]),
          )
        : []),
    ]);
    if (failed.length > 0) process.exitCode = 1;
  } finally {
    await database.close();
  }
}
