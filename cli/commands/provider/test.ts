import { Command } from "commander";
import {
  authUrlOf,
  examineProvider,
  openProvider,
  openRemote,
  type ProviderFinding,
} from "../../../src/index.ts";
import {
  databaseOption,
  jsonOption,
  localUrl,
  privateProvidersOption,
  publicUrlOption,
  requireKeyring,
  withDatabase,
} from "../../options.ts";
import { print } from "../../output.ts";
import { colours, withSpinner } from "../../terminal.ts";

interface Options {
  database: string;
  publicUrl?: string;
  allowPrivateProviders?: boolean;
  json?: boolean;
}

export function providerTest(): Command {
  return new Command("test")
    .description("Ask a provider for what a sign-in needs, and say what is missing")
    .argument("<project>", "the project")
    .argument("<name>", "the provider")
    .addOption(privateProvidersOption())
    .addOption(databaseOption())
    .addOption(publicUrlOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Reads its metadata and keys, and shows it no secret; whether it knows the client and the redirect URI
shows at the first sign-in. Exits with 1 when something is missing.`,
    )
    .action(run);
}

async function run(project: string, name: string, options: Options): Promise<void> {
  const keyring = requireKeyring();
  const { provider, clientSecret } = await withDatabase(options.database, (database) =>
    openProvider(database, project, name, keyring),
  );
  const { client_id: clientId, ...known } = provider;
  const remote = openRemote({ allowPrivate: options.allowPrivateProviders === true });
  const findings = await withSpinner(`Asking ${name}`, () =>
    examineProvider({ ...known, clientId, secret: clientSecret }, remote),
  );
  const redirect_uri = `${authUrlOf(options.publicUrl ?? localUrl(), project)}/callback`;
  print({ findings, redirect_uri }, options.json, () => [
    ...findings.map(line),
    `Register with the provider as the redirect URI: ${redirect_uri}`,
  ]);
  if (findings.some(({ status }) => status === "fail")) process.exitCode = 1;
}

const paint = { ok: colours.green, fail: colours.red };

function line({ check, status, message }: ProviderFinding): string {
  return `${paint[status](status.padEnd(4))}  ${check}: ${message}`;
}
