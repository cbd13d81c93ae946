import { Command, Option } from "commander";
import {
  readMailTransport,
  removeMailTransport,
  setMailTransport,
  shownTransport,
} from "../../../src/index.ts";
import { databaseOption, jsonOption, requireKeyring, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { readSecretFile } from "../../secret_input.ts";
import { details } from "../../terminal.ts";

interface Options {
  database: string;
  urlFile?: string;
  from?: string;
  replyTo?: string;
  secretFile?: string;
  remove?: boolean;
  json?: boolean;
}

export function mailTransport(): Command {
  return new Command("transport")
    .description("Show, set or remove how a project sends mail, if not as the server does")
    .argument("<project>", "the project")
    .option("--url-file <file>", "set it: a file with the URL, which may hold a password")
    .option("--from <address>", "its sender, such as `The Shop <auth@shop.example>`")
    .option("--reply-to <address>", "where answers go, if not to the sender")
    .option("--secret-file <file>", "a file with what a webhook is signed with: whsec_ and base64")
    .addOption(
      new Option("--remove", "send as the server does again").conflicts([
        "urlFile",
        "from",
        "replyTo",
        "secretFile",
      ]),
    )
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
  smtp://user:password@host:587     STARTTLS; ?tls=opportunistic, or off on the loopback interface,
                                    ?name= for EHLO, ?pool= connections (5)
  smtps://user:password@host:465    TLS from the first byte
  https://host/path                 a webhook, signed as Standard Webhooks says
  file:///folder                    a file a mail, for tests

Sealed under MIOSA_AUTH_KEY in the project's schema. Servers follow within ten seconds. Try it with
\`mail test\`.`,
    )
    .action(run);
}

async function run(project: string, options: Options, command: Command): Promise<void> {
  const { urlFile, from, replyTo, secretFile, remove, json } = options;
  if (!urlFile && (from || replyTo || secretFile)) {
    command.error("error: --from, --reply-to and --secret-file go with --url-file");
  }
  if (urlFile && !from) command.error("error: --url-file goes with --from");
  await withDatabase(options.database, async (database) => {
    if (remove) {
      const removed = await removeMailTransport(database, project);
      print({ removed }, json, () => [removed ? `${project} sends as the server does.` : none]);
      return;
    }
    const keyring = requireKeyring();
    if (urlFile && from) {
      const [url, secret] = await Promise.all([
        readSecretFile(urlFile),
        secretFile === undefined ? undefined : readSecretFile(secretFile),
      ]);
      const settings = { url, from, replyTo, secret };
      const set = await setMailTransport(database, project, settings, keyring);
      print(set, json, () => details(set));
      return;
    }
    const settings = await readMailTransport(database, project, keyring);
    const transport = settings && shownTransport(settings);
    print({ transport }, json, () => (transport ? details(transport) : [none]));
  });
}

const none = "There is no transport of its own.";
