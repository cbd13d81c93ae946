import { Command } from "commander";
import { AuthError, removeProvider } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

export function providerRemove(): Command {
  return new Command("remove")
    .description("Let nobody sign in at a provider any more; identities of it stay")
    .argument("<project>", "the project")
    .argument("<name>", "the provider")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .action(
      async (project: string, name: string, options: { database: string; json?: boolean }) => {
        const removed = await withDatabase(options.database, (database) =>
          removeProvider(database, project, name),
        );
        if (!removed) {
          throw new AuthError("validation_failed", {
            message: `${project} has no provider ${name}`,
          });
        }
        print({ removed: name }, options.json, () => [`Nobody signs in at ${name} any more.`]);
      },
    );
}
