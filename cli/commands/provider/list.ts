import { Command } from "commander";
import { listProviders } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { table } from "../../terminal.ts";

export function providerList(): Command {
  return new Command("list")
    .description("List the providers of a project, without their secrets")
    .argument("<project>", "the project")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(async (project: string, options: { database: string; json?: boolean }) => {
      const providers = await withDatabase(options.database, (database) =>
        listProviders(database, project),
      );
      print(providers, options.json, () =>
        table(
          ["name", "kind", "issuer", "client id", "scopes", "options"],
          providers.map((p) => [p.name, p.kind, p.issuer, p.client_id, p.scopes, p.options]),
        ),
      );
    });
}
