import { Command, Option } from "commander";
import { activateNextSecret, publishNextSecret, replaceSecretNow } from "../../../src/index.ts";
import {
  databaseOption,
  jsonOption,
  parseDuration,
  requireKeyring,
  withDatabase,
} from "../../options.ts";
import { keyValueLines, print, printNotes } from "../../output.ts";
import { readSecretFile } from "../../secret_input.ts";

interface Options {
  database: string;
  activate?: boolean;
  overlap?: number;
  now?: boolean;
  replace?: boolean;
  jwtSecretFile?: string;
  json?: boolean;
}

export function projectRotateSecret(): Command {
  return new Command("rotate-secret")
    .description(
      "Change the secret that signs a project's tokens: in steps, or at once after a leak",
    )
    .argument("<id>", "the project")
    .option("--activate", "let the published secret sign from now on")
    .addOption(
      new Option(
        "--overlap <time>",
        "how long tokens of the secret before are good (default: 1h)",
      ).argParser(parseDuration),
    )
    .addOption(
      new Option("--now", "after a leak: a new secret signs, and no other is accepted").conflicts([
        "activate",
        "overlap",
        "replace",
      ]),
    )
    .option("--replace", "publish another secret in the place of one that waits")
    .addOption(
      new Option("--jwt-secret-file <file>", "bring a secret of your own, at least 32 bytes").env(
        "MIOSA_AUTH_JWT_SECRET_FILE",
      ),
    )
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Without a flag it publishes the next secret and prints AUTH_JWT_SECRET_NEXT: servers accept it and do
not sign with it yet. Give it to your apps beside the one they have, then run it with --activate.
While one waits, another is refused unless you say --replace.

--now needs no step before: it refuses all tokens that are out, verified_uid() does so too, and
refresh tokens go on working, so users stay signed in. Apps need the printed secret at once.

Running servers follow within five seconds. Needs MIOSA_AUTH_KEY.`,
    )
    .action(run);
}

async function run(id: string, options: Options, command: Command): Promise<void> {
  const { activate = false, overlap, replace = false, jwtSecretFile } = options;
  if (activate && (replace || command.getOptionValueSource("jwtSecretFile") === "cli")) {
    command.error("error: --activate takes the secret that was published");
  }
  if (overlap !== undefined && !activate) command.error("error: --overlap goes with --activate");
  const keyring = requireKeyring();
  const own = activate || !jwtSecretFile ? {} : { jwtSecret: await readSecretFile(jwtSecretFile) };
  await withDatabase(options.database, async (database) => {
    if (activate) {
      const activated = await activateNextSecret(database, id, {
        keyring,
        ...(overlap === undefined ? {} : { overlap }),
      });
      const { accepted_until, ...environment } = activated;
      if (!options.json)
        printNotes([`tokens of the secret before are good until ${accepted_until}`]);
      print(activated, options.json, () => keyValueLines(environment));
      return;
    }
    const secret = { keyring, ...own };
    const environment = options.now
      ? await replaceSecretNow(database, id, secret)
      : await publishNextSecret(database, id, { ...secret, replaces: replace });
    print(environment, options.json, () => keyValueLines(environment));
  });
}
