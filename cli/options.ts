import { InvalidArgumentError, Option } from "commander";
import {
  AuthError,
  connectPostgres,
  type Database,
  type Keyring,
  parseKeyring,
} from "../src/index.ts";

/** `--database`, for commands that administrate one. */
export function databaseOption(): Option {
  return new Option("--database <url>", "the Postgres to work in, as its administrator")
    .env("MIOSA_AUTH_DATABASE")
    .makeOptionMandatory();
}

export function jsonOption(): Option {
  return new Option("--json", "print one line of JSON");
}

export function publicUrlOption(): Option {
  return new Option("--public-url <url>", "where projects are reached from outside")
    .env("MIOSA_AUTH_PUBLIC_URL")
    .default("http://localhost:8787")
    .argParser(parseHttpUrl);
}

export function portOption(): Option {
  return new Option("--port <number>", "the port to listen on; 0 takes a free one")
    .env("MIOSA_AUTH_PORT")
    .default(8787)
    .argParser(parsePort);
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

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a number from 0 to 65535.");
}

function parseHttpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("A public URL starts with https:// or http://.");
}
