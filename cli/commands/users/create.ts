import { Command, InvalidArgumentError, Option } from "commander";
import { createUser } from "../../../src/index.ts";
import { stderrLogger } from "../../logger.ts";
import {
  breachedPasswordsOption,
  databaseOption,
  jsonOption,
  withDatabase,
} from "../../options.ts";
import { print } from "../../output.ts";
import { readSecretFile, readSecretInput } from "../../secret_input.ts";
import { details } from "../../terminal.ts";

interface Options {
  database: string;
  passwordFile?: string;
  withoutPassword?: boolean;
  confirmed?: boolean;
  data?: Record<string, unknown>;
  breachedPasswordsUrl?: string;
  json?: boolean;
}

export function usersCreate(): Command {
  return new Command("create")
    .description("Make a user, also where sign-up is off")
    .argument("<project>", "the project")
    .argument("<email>", "the address to sign in with")
    .option("--password-file <file>", "where the password is; without it, on standard input")
    .addOption(
      new Option("--without-password", "make a user who cannot sign in by password").conflicts(
        "passwordFile",
      ),
    )
    .option("--confirmed", "take the address for confirmed")
    .addOption(
      new Option("--data <json>", "an object, to become the user's metadata").argParser(parseData),
    )
    .addOption(breachedPasswordsOption())
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
The password is held to the rules of sign-up. It is never an argument: other users of the machine
could read it there.`,
    )
    .action(async (project: string, email: string, options: Options) => {
      const { confirmed = false, data, breachedPasswordsUrl } = options;
      const password = await readPassword(email, options);
      const user = await withDatabase(options.database, (database) =>
        createUser(
          database,
          project,
          {
            email,
            confirmed,
            ...(password === undefined ? {} : { password }),
            ...(data === undefined ? {} : { data }),
          },
          {
            logger: stderrLogger(),
            ...(breachedPasswordsUrl === undefined ? {} : { breachedPasswordsUrl }),
          },
        ),
      );
      print(user, options.json, () => details(user));
    });
}

async function readPassword(email: string, options: Options): Promise<string | undefined> {
  if (options.withoutPassword) return undefined;
  if (options.passwordFile !== undefined) return readSecretFile(options.passwordFile);
  return readSecretInput(`Password of ${email}: `);
}

function parseData(text: string): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(text);
    if (data !== null && typeof data === "object" && !Array.isArray(data)) {
      return data as Record<string, unknown>;
    }
  } catch {
    // Said below, with everything else that is no object.
  }
  throw new InvalidArgumentError("It is a JSON object.");
}
