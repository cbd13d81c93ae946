import { Command, Option } from "commander";
import { readCustomClaims, removeCustomClaims, setCustomClaims } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  remove?: boolean;
  json?: boolean;
}

export function projectClaims(): Command {
  return new Command("claims")
    .description("Let a function of your own add claims to access tokens; without one, show it")
    .argument("<id>", "the project")
    .argument(
      "[function]",
      "with its schema, such as app.claims; it is (uuid, jsonb) returns jsonb",
    )
    .addOption(new Option("--remove", "issue tokens with the product's own claims alone"))
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It is given the user's id and the claims, and returns the claims it wants; those that identity and
session rest on stay as they are. It runs in the transaction that issues a token: when it fails, the
caller is answered 500 custom_claims_failed, nothing is written, and the server's log names SQLSTATE
and line. It must be SECURITY DEFINER with a search_path of its own, so that it runs with its owner's
rights and no others. docs/custom-claims.md has an example.`,
    )
    .action(async (id: string, name: string | undefined, options: Options, command: Command) => {
      const { remove, json } = options;
      if (name !== undefined && remove) {
        command.error("error: give either a function or --remove", { exitCode: 2 });
      }
      const registered = await withDatabase(options.database, async (database) => {
        if (name !== undefined) return setCustomClaims(database, id, name);
        if (!remove) return readCustomClaims(database, id);
        await removeCustomClaims(database, id);
        return null;
      });
      print({ project: id, function: registered }, json, () => [
        registered === null
          ? `No function of yours adds claims to the tokens of ${id}.`
          : `${registered} adds claims to the tokens of ${id}.`,
      ]);
    });
}
