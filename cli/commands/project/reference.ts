import { Command, Option } from "commander";
import {
  addReference,
  type DeleteAction,
  deleteActions,
  removeReference,
} from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print, printNotes } from "../../output.ts";

interface Options {
  database: string;
  onDelete: DeleteAction;
  trusted?: boolean;
  remove?: boolean;
  json?: boolean;
}

export function projectReference(): Command {
  return new Command("reference")
    .description("Make a foreign key from a table of your own to the project's users")
    .argument("<id>", "the project")
    .argument("<table>", "with its schema, such as shop.notes")
    .argument("<column>", "the column that holds a user's id; its type is uuid")
    .addOption(
      new Option("--on-delete <action>", "what becomes of the rows of a user who is deleted")
        .choices(deleteActions)
        .default("restrict"),
    )
    .option("--trusted", "the table's owner is trusted as the project's owner")
    .addOption(new Option("--remove", "drop the key again").conflicts("onDelete"))
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
No role gets a right on users by it. You must be able to act for the table's owner; the command says
which grant that takes. While rows refer to a user, \`restrict\` keeps it from being deleted, also by
itself. Before PostgreSQL 18, \`cascade\` and \`set-null\` want --trusted: an AFTER trigger on the table
would run with the rights of the project's owner (SECURITY.md).`,
    )
    .action(run);
}

async function run(id: string, table: string, column: string, options: Options): Promise<void> {
  const { onDelete, trusted = false, json } = options;
  if (options.remove) {
    const removed = await withDatabase(options.database, (database) =>
      removeReference(database, id, table, column),
    );
    print({ project: id, table, column, removed }, json, () => [
      removed
        ? `${table}.${column} refers to the users of ${id} no more.`
        : `${table}.${column} had no key to the users of ${id}.`,
    ]);
    return;
  }
  const made = await withDatabase(options.database, (database) =>
    addReference(database, id, table, column, { onDelete, trusted }),
  );
  if (!made.indexed) {
    printNotes([
      `no index leads with the column, so each deletion of a user reads the whole table: create index on ${table} (${column});`,
    ]);
  }
  print({ project: id, table, column, on_delete: onDelete, ...made }, json, () => [
    `${table}.${column} ${made.changed ? "refers" : "referred already"} to the users of ${id}: ${made.constraint}, on delete ${onDelete}.`,
  ]);
}
