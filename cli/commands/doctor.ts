import { Command, Option } from "commander";
import { connectPostgres, examineDatabase, type Finding, parseKeyring } from "../../src/index.ts";
import { databaseOption, jsonOption, parseWhole } from "../options.ts";
import { print } from "../output.ts";
import { colours, withSpinner } from "../terminal.ts";

interface Options {
  database: string;
  project?: string;
  connections: number;
  sample: number;
  json?: boolean;
}

export function doctor(): Command {
  return new Command("doctor")
    .description("Check a database and its projects, and say what to do")
    .addOption(databaseOption())
    .addOption(
      new Option("--project <id>", "look into this project alone").env("MIOSA_AUTH_PROJECT"),
    )
    .addOption(
      new Option("--connections <number>", "what `serve` is given")
        .env("MIOSA_AUTH_CONNECTIONS")
        .default(10)
        .argParser((text) => parseWhole(text, { least: 1, most: 1_000 })),
    )
    .addOption(
      new Option("--sample <number>", "look into so many projects at most, spread over all")
        .env("MIOSA_AUTH_SAMPLE")
        .default(200)
        .argParser((text) => parseWhole(text, { least: 1, most: 1_000_000 })),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Changes nothing. With MIOSA_AUTH_KEY it also tries the projects' keys. Compares functions, tables,
constraints, indexes and rights with what this release makes. Exits with 1 when a check fails.`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { project, connections, sample } = options;
  const key = process.env.MIOSA_AUTH_KEY;
  const database = connectPostgres({ url: options.database, connections: 5 });
  try {
    const findings = await withSpinner("Looking", () =>
      examineDatabase(database, {
        connections,
        sample,
        ...(project === undefined ? {} : { projectId: project }),
        ...(key ? { keyring: parseKeyring(key) } : {}),
      }),
    );
    print(findings, options.json, () => findings.flatMap(lines));
    if (findings.some(({ status }) => status === "fail")) process.exitCode = 1;
  } finally {
    await database.close();
  }
}

const paint = { ok: colours.green, warn: colours.yellow, fail: colours.red };

function lines({ check, status, message, remedy }: Finding): string[] {
  const line = `${paint[status](status.padEnd(4))}  ${check}: ${message}`;
  return remedy === undefined ? [line] : [`${line}. To do: ${remedy}`];
}
