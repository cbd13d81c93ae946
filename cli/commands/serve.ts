import { Command, Option } from "commander";
import {
  AuthError,
  checkRuntime,
  connectPostgres,
  createAuth,
  type Database,
  startServer,
} from "../../src/index.ts";
import { stderrLogger } from "../logger.ts";
import { jsonOption, portOption, publicUrlOption, requireMasterKey } from "../options.ts";
import { print, printNotes } from "../output.ts";
import { onShutdown } from "../shutdown.ts";

interface Options {
  database: string[];
  port: number;
  host: string;
  publicUrl: string;
  trustedProxy?: string[];
  connections: string;
  preparedStatements?: boolean;
  json?: boolean;
}

export function serve(): Command {
  return new Command("serve")
    .description("Serve every project of one or more Postgres databases")
    .addOption(
      new Option("--database <url...>", "the databases, as a login of the runtime group")
        .env("MIOSA_AUTH_DATABASE")
        .makeOptionMandatory(),
    )
    .addOption(portOption())
    .addOption(
      new Option("--host <address>", "the address to listen on")
        .env("MIOSA_AUTH_HOST")
        .default("127.0.0.1"),
    )
    .addOption(publicUrlOption())
    .addOption(
      new Option("--trusted-proxy <network...>", "proxies whose X-Forwarded-For is believed").env(
        "MIOSA_AUTH_TRUSTED_PROXIES",
      ),
    )
    .addOption(
      new Option("--connections <number>", "connections to each database")
        .env("MIOSA_AUTH_CONNECTIONS")
        .default("10"),
    )
    .addOption(
      new Option(
        "--prepared-statements",
        "faster; only without a pooler, or with one that carries them",
      ).env("MIOSA_AUTH_PREPARED_STATEMENTS"),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nNeeds MIOSA_AUTH_KEY. Several URLs or networks in a variable stand apart by spaces.",
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const masterKey = requireMasterKey();
  const logger = stderrLogger();
  const databases = options.database.flatMap(words).map((url) =>
    connectPostgres({
      url,
      connections: Number(options.connections),
      preparedStatements: options.preparedStatements ?? false,
      onConnectionLost: () => logger.warn("a database connection was lost"),
    }),
  );
  for (const database of databases) printNotes(await checkOrWait(database));

  const auth = createAuth({
    database: databases,
    masterKey,
    publicUrl: options.publicUrl,
    trustedProxies: (options.trustedProxy ?? []).flatMap(words),
    logger,
  });
  const server = await startServer({ fetch: auth.fetch, host: options.host, port: options.port });
  onShutdown(async () => {
    auth.drain();
    await server.close();
    await auth.close();
    await Promise.all(databases.map((database) => database.close()));
  });
  const { publicUrl, host } = options;
  print({ public_url: publicUrl, host, port: server.port }, options.json, () => [
    `Serving ${databases.length} database(s) on http://${host}:${server.port}, reached as ${publicUrl}`,
  ]);
}

// A database that is away comes back; one that refuses does not.
async function checkOrWait(database: Database): Promise<string[]> {
  try {
    return await checkRuntime(database);
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== "service_unavailable") throw error;
    return ["A database cannot be reached; serving 503 until it can"];
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
