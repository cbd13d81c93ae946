import { Argument, Command, Option } from "commander";
import {
  AuthError,
  authUrlOf,
  type NewProvider,
  type ProviderOptions,
  providerKinds,
  setProvider,
} from "../../../src/index.ts";
import {
  databaseOption,
  jsonOption,
  localUrl,
  publicUrlOption,
  requireKeyring,
  withDatabase,
} from "../../options.ts";
import { print, printNotes } from "../../output.ts";
import { readSecretFile, readSecretInput } from "../../secret_input.ts";
import { details } from "../../terminal.ts";

interface Options {
  database: string;
  name?: string;
  clientId: string;
  clientSecretFile?: string;
  publicClient?: boolean;
  issuer?: string;
  scopes?: string[];
  tenant?: string;
  audience?: string[];
  trustEmail?: boolean;
  authMethod?: "client_secret_basic" | "client_secret_post";
  authorizationUrl?: string;
  tokenUrl?: string;
  userinfoUrl?: string;
  apiUrl?: string;
  subjectField?: string;
  emailField?: string;
  emailVerifiedField?: string;
  nameField?: string;
  teamId?: string;
  keyId?: string;
  publicUrl?: string;
  json?: boolean;
}

export function providerAdd(): Command {
  const command = new Command("add")
    .description("Let users sign in at a provider, or change one of the same name")
    .argument("<project>", "the project")
    .addArgument(new Argument("<kind>", "a preset, or what it speaks").choices(providerKinds))
    .option("--name <name>", "what apps call it (default: the kind)")
    .requiredOption("--client-id <id>", "as the provider gave it")
    .option(
      "--client-secret-file <file>",
      "a file with the client's secret; - reads standard input",
    )
    .addOption(
      new Option("--public-client", "the client has no secret").conflicts("clientSecretFile"),
    )
    .option("--issuer <url>", "of an OIDC provider or an own server, as it spells itself")
    .option("--scopes <list>", "asked for besides the preset's; commas between", commaList)
    .option("--audience <ids...>", "client ids of native apps, whose ID tokens count as well")
    .option("--trust-email", "believe addresses that it does not say it has verified")
    .addOption(
      new Option("--auth-method <method>", "how the secret is shown").choices([
        "client_secret_basic",
        "client_secret_post",
      ]),
    );
  kindOptions(command);
  return command
    .addOption(databaseOption())
    .addOption(publicUrlOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
  $ miosa-auth provider add proj_shop google --client-id 123.apps.googleusercontent.com --client-secret-file google.secret
  $ miosa-auth provider add proj_shop oidc --name acme --issuer https://login.acme.example --client-id shop --client-secret-file -

The secret comes from the file, from standard input or from MIOSA_AUTH_CLIENT_SECRET, and is sealed
under MIOSA_AUTH_KEY. Servers follow within five seconds. docs/providers.md says what each asks for;
\`provider test\` tries it.`,
    )
    .action(run);
}

function kindOptions(command: Command): void {
  command
    .option("--tenant <id>", "microsoft: a directory's id, common, organizations or consumers")
    .option("--team-id <id>", "apple: the team")
    .option("--key-id <id>", "apple: the key, whose .p8 file is the secret")
    .option("--api-url <url>", "github: the API of an Enterprise Server")
    .option("--authorization-url <url>", "oauth2: where users are sent")
    .option("--token-url <url>", "oauth2: where codes are exchanged")
    .option("--userinfo-url <url>", "oauth2: where it says who somebody is")
    .option("--subject-field <name>", "oauth2: the user's lasting id there (default: sub)")
    .option("--email-field <name>", "oauth2: the address there (default: email)")
    .option("--email-verified-field <name>", "oauth2: whether it is verified")
    .option("--name-field <name>", "oauth2: the name there (default: name)");
}

async function run(project: string, kind: string, options: Options): Promise<void> {
  const keyring = requireKeyring();
  const clientSecret = await readSecret(options);
  const given: NewProvider = {
    kind,
    clientId: options.clientId,
    clientSecret,
    options: providerOptions(options),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.scopes === undefined ? {} : { scopes: options.scopes }),
  };
  const { provider, replaced } = await withDatabase(options.database, (database) =>
    setProvider(database, project, given, keyring),
  );
  const callback = `${authUrlOf(options.publicUrl ?? localUrl(), project)}/callback`;
  const shown = { ...provider, redirect_uri: callback };
  print({ ...shown, replaced }, options.json, () => details(shown));
  if (options.json) return;
  const notes = [`register ${callback} with the provider as the redirect URI`];
  printNotes(replaced ? [`it takes the place of one of this name`, ...notes] : notes);
}

async function readSecret({ clientSecretFile: file, publicClient }: Options): Promise<string> {
  if (publicClient) return "";
  const secret =
    file === undefined
      ? process.env.MIOSA_AUTH_CLIENT_SECRET
      : await (file === "-" ? readSecretInput("Client secret: ") : readSecretFile(file));
  if (secret) return secret;
  throw new AuthError("validation_failed", {
    message:
      "Give the client's secret with --client-secret-file or MIOSA_AUTH_CLIENT_SECRET, or say --public-client",
  });
}

function providerOptions(options: Options): ProviderOptions {
  const said = {
    tenant: options.tenant,
    audiences: options.audience,
    trust_email: options.trustEmail,
    token_endpoint_auth_method: options.authMethod,
    authorization_url: options.authorizationUrl,
    token_url: options.tokenUrl,
    user_url: options.userinfoUrl,
    api_url: options.apiUrl,
    subject_field: options.subjectField,
    email_field: options.emailField,
    email_verified_field: options.emailVerifiedField,
    name_field: options.nameField,
    team_id: options.teamId,
    key_id: options.keyId,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function commaList(text: string): string[] {
  return text.split(",").map((one) => one.trim());
}
