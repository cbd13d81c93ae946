import { Command } from "commander";
import { installSqlLogin, removeSqlLogin } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  role?: string;
  remove?: boolean;
  json?: boolean;
}

export function projectInstallSqlLogin(): Command {
  return new Command("install-sql-login")
    .description("Add signup_with_password() and login_with_password(), for SQL alone")
    .argument("<id>", "the project")
    .option("--role <role>", "a database role that may call them; nobody without one")
    .option("--remove", "drop them again")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Needs the extension pgcrypto. The password is part of the statement: turn off logs of statements and
of their parameters, or do not use this. A caller that rolls back takes its guesses back, so give it to
a role that you trust with that. docs/sql-login.md says what else differs from the API.`,
    )
    .action(async (id: string, { role, remove = false, ...options }: Options, command: Command) => {
      if (remove && role !== undefined) {
        command.error("error: --remove takes no --role", { exitCode: 2 });
      }
      await withDatabase(options.database, (database) =>
        remove
          ? removeSqlLogin(database, id)
          : installSqlLogin(database, id, role === undefined ? {} : { role }),
      );
      print({ project: id, installed: !remove, role: role ?? null }, options.json, () => [
        remove
          ? `${id} has no sign-in by SQL any more.`
          : `${id} has signup_with_password() and login_with_password(), for ${role ?? "nobody yet"}.`,
      ]);
    });
}
