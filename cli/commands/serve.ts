import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import type { Logger } from "pino";
import {
  type Auth,
  AuthError,
  type AuthOptions,
  checkRuntime,
  connectPostgres,
  createAuth,
  type Database,
  type MailOptions,
  readFleetTemplates,
  startServer,
} from "../../src/index.ts";
import { stderrLogger } from "../logger.ts";
import { type MailFlags, mailOptions, mailSettings } from "../mail_options.ts";
import { type MetricsFlags, metricsOptions, serveMetrics } from "../metrics_options.ts";
import {
  breachedPasswordsOption,
  flag,
  jsonOption,
  localUrl,
  mailTemplatesOption,
  originOf,
  parseDatabaseUrl,
  parseWhole,
  portOption,
  privateProvidersOption,
  publicUrlOption,
  requireMasterKey,
  words,
} from "../options.ts";
import { print, printNotes, reasonOf } from "../output.ts";
import { onShutdown } from "../shutdown.ts";

interface Options extends MailFlags, MetricsFlags {
  database: string[];
  port: number;
  host: string;
  publicUrl?: string;
  trustedProxy?: string[];
  connections: number;
  connectionsPerProject?: number;
  functionsPerConnection: number;
  preparedStatements?: boolean;
  allowPrivateProviders?: boolean;
  breachedPasswordsUrl?: string;
  drain: number;
  mailTemplates?: string;
  prune?: boolean;
  json?: boolean;
}

export function serve(): Command {
  const command = new Command("serve")
    .description("Serve every project of one or more Postgres databases")
    .addOption(
      new Option("--database <url...>", "the databases, as a login of the runtime group")
        .env("MIOSA_AUTH_DATABASE")
        .argParser((text, before: string[] = []) => [
          ...before,
          ...words(text).map(parseDatabaseUrl),
        ])
        .makeOptionMandatory(),
    )
    .addOption(portOption())
    .addOption(
      new Option("--host <address>", "the address to listen on")
        .env("MIOSA_AUTH_HOST")
        .default("127.0.0.1"),
    )
    .addOption(publicUrlOption().default(undefined, "http://localhost and the port"))
    .addOption(
      new Option("--trusted-proxy <network...>", "proxies whose X-Forwarded-For is believed")
        .env("MIOSA_AUTH_TRUSTED_PROXIES")
        .argParser((text, before: string[] = []) => [...before, ...words(text)]),
    )
    .addOption(
      new Option("--connections <number>", "connections to each database")
        .env("MIOSA_AUTH_CONNECTIONS")
        .default(10)
        .argParser((text) => parseWhole(text, { least: 1, most: 1_000 })),
    )
    .addOption(
      new Option("--connections-per-project <number>", "of those, how many one project may take")
        .env("MIOSA_AUTH_CONNECTIONS_PER_PROJECT")
        .default(undefined, "four fifths")
        .argParser((text) => parseWhole(text, { least: 1, most: 1_000 })),
    )
    .addOption(
      new Option(
        "--functions-per-connection <number>",
        "replace a connection that called so many of its projects, as its memory grows; 0: never",
      )
        .env("MIOSA_AUTH_FUNCTIONS_PER_CONNECTION")
        .default(320)
        .argParser((text) => parseWhole(text, { least: 0, most: 100_000 })),
    )
    .addOption(
      flag(
        "--prepared-statements",
        "faster; only without a pooler, or with one that carries them",
        "MIOSA_AUTH_PREPARED_STATEMENTS",
      ),
    )
    .addOption(
      new Option(
        "--drain <seconds>",
        "after SIGTERM, go on serving for so long while /health/ready says 503",
      )
        .env("MIOSA_AUTH_DRAIN")
        .default(5)
        .argParser((text) => parseWhole(text, { least: 0, most: 300 })),
    )
    .addOption(breachedPasswordsOption())
    .addOption(privateProvidersOption())
    .addOption(mailTemplatesOption())
    .addOption(
      flag(
        "--no-prune",
        "leave what is over to other servers, or to `project prune`",
        "MIOSA_AUTH_NO_PRUNE",
      ),
    );
  for (const option of metricsOptions()) command.addOption(option);
  for (const option of mailOptions()) command.addOption(option);
  return command
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Needs MIOSA_AUTH_KEY. Several URLs or networks in a variable stand apart by spaces. Other users of
a machine can read arguments: a URL with a password belongs into MIOSA_AUTH_DATABASE and
MIOSA_AUTH_MAIL_URL. MIOSA_AUTH_MAIL_SECRET signs what a webhook (https://) is sent.

Starts while a database is away, and serves as soon as it is there. GET /health/live says whether
the process runs, GET /health/ready whether it should be sent requests. After SIGTERM it finishes
what is in flight, mails too, for at most 30 seconds each, and exits with 0; a second signal exits at
once.`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const masterKey = requireMasterKey();
  const { breachedPasswordsUrl } = options;
  const mail = await mailOf(options);
  const providers = { allowPrivate: options.allowPrivateProviders === true };
  const pruning = options.prune === false ? {} : { pruning: {} };
  const logger = stderrLogger();
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const databases = options.database.map((url) => connect(url, options, logger));
    closers.push(() => Promise.all(databases.map((database) => database.close())));
    for (const database of databases) printNotes(await checkOrWait(database));
    const metrics = await serveMetrics(options, closers);
    const { auth, server, publicUrl } = await start(
      {
        database: databases,
        masterKey,
        mail,
        providers,
        ...(breachedPasswordsUrl === undefined ? {} : { breachedPasswordsUrl }),
        logger,
        ...pruning,
        ...(metrics ? { metrics: metrics.registry } : {}),
      },
      options,
      closers,
    );
    if (!mail.transport) printNotes([unsentMail]);
    onShutdown(async (signal) => {
      auth.drain();
      server.drain();
      if (signal === "SIGTERM") await sleep(options.drain * 1_000);
      await close();
    });
    const { host } = options;
    const facts = { public_url: publicUrl, host, port: server.port, ...metrics?.facts };
    print(facts, options.json, () => [
      `Serving ${databases.length} database(s) on ${originOf(host, server.port)}, reached as ${publicUrl}`,
      ...(metrics ? [`Metrics on ${metrics.facts.metrics_url}`] : []),
    ]);
  } catch (error) {
    // What is open would keep the process.
    await close();
    throw error;
  }
}

function connect(url: string, options: Options, logger: Logger): Database {
  return connectPostgres({
    url,
    connections: options.connections,
    ...(options.connectionsPerProject === undefined
      ? {}
      : { connectionsPerProject: options.connectionsPerProject }),
    functionsPerConnection: options.functionsPerConnection,
    preparedStatements: options.preparedStatements ?? false,
    // The one transaction is the check at the start: a silent network must not keep the port shut.
    statementDeadline: 10_000,
    onConnectionLost: () => logger.warn("a database connection was lost"),
  });
}

async function start(
  parts: Omit<AuthOptions, "publicUrl">,
  { host, port, publicUrl: given, trustedProxy = [] }: Options,
  closers: (() => Promise<unknown>)[],
) {
  let auth: Auth | undefined;
  closers.push(async () => auth?.close());
  const server = await startServer({
    host,
    port,
    fetch: (request, bindings) => {
      if (!auth) throw new AuthError("service_unavailable");
      return auth.fetch(request, bindings);
    },
  });
  closers.push(() => server.close());
  const publicUrl = given ?? localUrl(server.port);
  auth = createAuth({ ...parts, publicUrl, trustedProxies: trustedProxy });
  return { auth, server, publicUrl };
}

const unsentMail =
  "MIOSA_AUTH_MAIL_URL is not set: mail of projects without a transport of their own waits in the outbox";

async function mailOf(options: Options): Promise<MailOptions> {
  const transport = mailSettings(options);
  const { mailTemplates } = options;
  return {
    ...(transport ? { transport } : {}),
    ...(mailTemplates === undefined ? {} : { templates: await readFleetTemplates(mailTemplates) }),
  };
}

// A database that is away comes back; one that refuses does not.
async function checkOrWait(database: Database): Promise<string[]> {
  try {
    return await checkRuntime(database);
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== "service_unavailable") throw error;
    return [`${reasonOf(error)}; serving 503 until it can`];
  }
}
