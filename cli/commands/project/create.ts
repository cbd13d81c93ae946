import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { authUrlOf, createProject, ensurePrepared } from "../../../src/index.ts";
import {
  databaseOption,
  jsonOption,
  localUrl,
  publicUrlOption,
  requireKeyring,
  withDatabase,
} from "../../options.ts";
import { keyValueLines, print, printNotes } from "../../output.ts";

interface Options {
  database: string;
  publicUrl?: string;
  jwtSecretFile?: string;
  json?: boolean;
}

export function projectCreate(): Command {
  return new Command("create")
    .description("Create a project and print the two variables its app needs")
    .argument("<id>", "proj_ and up to 40 of a-z, 0-9, _; also the name of its schema")
    .addOption(databaseOption())
    .addOption(publicUrlOption())
    .addOption(
      new Option(
        "--jwt-secret-file <file>",
        "move in with a secret of your own, at least 32 bytes",
      ).env("MIOSA_AUTH_JWT_SECRET_FILE"),
    )
    .addOption(jsonOption())
    .addHelpText("after", "\nNeeds MIOSA_AUTH_KEY. Prepares the database first when it never was.")
    .action(async (id: string, options: Options) => {
      const keyring = requireKeyring();
      const jwtSecret = await readSecret(options.jwtSecretFile);
      const created = await withDatabase(options.database, async (database) => {
        printNotes(await ensurePrepared(database));
        return createProject(database, { id, keyring, ...(jwtSecret ? { jwtSecret } : {}) });
      });
      const environment = {
        AUTH_URL: authUrlOf(options.publicUrl ?? localUrl(), id),
        AUTH_JWT_SECRET: created.jwtSecret,
      };
      print(environment, options.json, () => keyValueLines(environment));
    });
}

async function readSecret(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : (await readFile(file, "utf8")).replace(/\r?\n$/, "");
}
