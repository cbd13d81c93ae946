import { Command, Option } from "commander";
import { type SuppressionReason, suppressAddress, suppressionReasons } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  reason: SuppressionReason;
  json?: boolean;
}

export function mailSuppress(): Command {
  return new Command("suppress")
    .description("Send no more mail of a project to an address")
    .argument("<project>", "the project")
    .argument("<address>", "which; it is answered as any other")
    .addOption(new Option("--reason <reason>", "why").choices(suppressionReasons).default("manual"))
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nA bounce is forgotten after 30 days; the others when they are lifted.")
    .action(async (project: string, address: string, { database, reason, json }: Options) => {
      const entry = await withDatabase(database, (connection) =>
        suppressAddress(connection, project, address, reason),
      );
      print(entry, json, () => [`No mail of ${project} goes to ${entry.address} now.`]);
    });
}
