import { Command } from "commander";
import { liftSuppression } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  bounces?: boolean;
  json?: boolean;
}

export function mailUnsuppress(): Command {
  return new Command("unsuppress")
    .description("Let mail of a project go to an address again")
    .argument("<project>", "the project")
    .argument("[address]", "which")
    .option("--bounces", "every address that bounced")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(
      async (project: string, address: string | undefined, options: Options, command: Command) => {
        const { bounces = false, json } = options;
        if (bounces === (address !== undefined)) {
          command.error("error: name an address, or say --bounces");
        }
        const lifted = await withDatabase(options.database, (database) =>
          liftSuppression(database, project, address ?? null),
        );
        print({ lifted }, json, () => [`Lifted for ${lifted} address(es).`]);
      },
    );
}
