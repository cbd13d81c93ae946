import { Command, Option } from "commander";
import { type ProjectEnvironment, startDevelopment } from "../../src/index.ts";
import { stderrLogger } from "../logger.ts";
import { jsonOption, portOption } from "../options.ts";
import { keyValueLines, print } from "../output.ts";
import { onShutdown } from "../shutdown.ts";

interface Options {
  port: number;
  data: string;
  project: string;
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
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Prints AUTH_URL and AUTH_JWT_SECRET once it serves, ready for an env file. Data and the key that
seals secrets stay in the data folder, which one process uses at a time.`,
    )
    .action(async (options: Options) => {
      const development = await startDevelopment({
        dataDir: options.data === "memory" ? undefined : options.data,
        port: options.port,
        projectId: options.project,
        logger: stderrLogger(),
      });
      onShutdown(() => development.close());
      const { environment } = development;
      print(environment, options.json, () => [
        ...keyValueLines(environment),
        "",
        ...firstSignup(environment),
      ]);
    });
}

function firstSignup({ AUTH_URL }: ProjectEnvironment): string[] {
  return [
    "The first sign-up:",
    `curl ${AUTH_URL}/signup -H 'Content-Type: application/json' -d '{"email":"ada@example.com","password":"correct horse battery"}'`,
  ];
}
