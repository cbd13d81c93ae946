import { InvalidArgumentError, Option } from "commander";
import {
  AuthError,
  connectPostgres,
  type Database,
  type Keyring,
  parseKeyring,
} from "../src/index.ts";

const defaultPort = 8787;

/** `--database`, for commands that administrate one. */
export function databaseOption(): Option {
  return new Option("--database <url>", "the Postgres to work in, as its administrator")
    .env("MIOSA_AUTH_DATABASE")
    .argParser(parseDatabaseUrl)
    .makeOptionMandatory();
}

export function jsonOption(): Option {
  return flag("--json", "print one line of JSON", "MIOSA_AUTH_JSON");
}

/** Whether failures are reported as JSON, too: asked before and after the options are read. */
export function wantsJson(): boolean {
  return process.argv.includes("--json") || isOn(process.env.MIOSA_AUTH_JSON);
}

/** An option without a value; its variable is on unless it is empty, `0`, `false`, `no` or `off`. */
export function flag(flags: string, description: string, variable: string): Option {
  // Commander takes any value of a variable for on.
  if (!isOn(process.env[variable])) delete process.env[variable];
  return new Option(flags, description).env(variable);
}

export function publicUrlOption(): Option {
  return new Option("--public-url <url>", "where projects are reached from outside")
    .env("MIOSA_AUTH_PUBLIC_URL")
    .argParser(parseHttpUrl);
}

/** `--mail-templates`, words of the fleet's own for mails. */
export function mailTemplatesOption(): Option {
  return new Option(
    "--mail-templates <folder>",
    "templates in place of the built-in mails: for all projects, and in folders named after one",
  ).env("MIOSA_AUTH_MAIL_TEMPLATES");
}

/** `--allow-private-providers`, for identity providers in a network of the fleet's own. */
export function privateProvidersOption(): Option {
  return flag(
    "--allow-private-providers",
    "ask identity providers at private addresses too, and by http on this machine",
    "MIOSA_AUTH_ALLOW_PRIVATE_PROVIDERS",
  );
}

/** `--breached-passwords-url`, for a mirror of leaked passwords. */
export function breachedPasswordsOption(): Option {
  return new Option(
    "--breached-passwords-url <url>",
    "the range API for projects with breached_passwords=check",
  )
    .env("MIOSA_AUTH_BREACHED_PASSWORDS_URL")
    .default(undefined, "that of Have I Been Pwned");
}

export function portOption(): Option {
  return new Option("--port <number>", "the port to listen on; 0 takes a free one")
    .env("MIOSA_AUTH_PORT")
    .default(defaultPort)
    .argParser((text) => parseWhole(text, { least: 0, most: 65_535 }));
}

/** Where projects are reached when nothing else is said. */
export function localUrl(port: number = defaultPort): string {
  return `http://localhost:${port}`;
}

/** Where something listens. */
export function originOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The key from the environment, never from the arguments, which other users of a machine can see. */
export function requireMasterKey(): string {
  const key = process.env.MIOSA_AUTH_KEY;
  if (key) return key;
  throw new AuthError("validation_failed", {
    message:
      "MIOSA_AUTH_KEY is not set. It seals the secrets of your projects: make one with `miosa-auth key generate`, keep it outside the database, and set it for every command and server",
  });
}

/** @throws AuthError validation_failed, RangeError */
export function requireKeyring(): Keyring {
  return parseKeyring(requireMasterKey());
}

/** Runs a command's work on a database and closes it after. */
export async function withDatabase<T>(
  url: string,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = connectPostgres({ url, connections: 2 });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

export function parseDatabaseUrl(text: string): string {
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("A database is postgres://user@host:port/name.");
}

export function parseWhole(text: string, { least, most }: { least: number; most: number }): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= least && number <= most) return number;
  throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
}

const secondsIn: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A span of time in seconds: a whole number and s, m, h or d. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = unit && secondsIn[unit];
  if (seconds) return Number(number) * seconds;
  throw new InvalidArgumentError("A span of time is for instance 30s, 15m, 1h or 2d.");
}

/** The parts of a text that white space keeps apart: how one variable holds several values. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !/^(|0|false|no|off)$/i.test(value.trim());
}

function parseHttpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("A public URL starts with https:// or http://.");
}
