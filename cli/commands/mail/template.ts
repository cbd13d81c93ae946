import { Command, Option } from "commander";
import {
  projectTemplates,
  readMailWording,
  readTemplates,
  removeMailTemplates,
  setMailTemplates,
  writeTemplates,
} from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { table } from "../../terminal.ts";

interface Options {
  database: string;
  from?: string;
  list?: boolean;
  remove?: string[];
  export?: string;
  json?: boolean;
}

export function mailTemplate(): Command {
  const others = (own: string) =>
    ["from", "list", "remove", "export"].filter((name) => name !== own);
  return new Command("template")
    .description("Put words of a project's own in place of the built-in mails")
    .argument("<project>", "the project")
    .addOption(
      new Option("--from <folder>", "take the templates of a folder").conflicts(others("from")),
    )
    .addOption(new Option("--list", "list the project's own").conflicts(others("list")))
    .addOption(
      new Option(
        "--remove <purpose...>",
        "go back to the built-in words; in one language, or all",
      ).conflicts(others("remove")),
    )
    .addOption(
      new Option("--export <folder>", "write the templates in use, as a start").conflicts(
        others("export"),
      ),
    )
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
  $ miosa-auth mail template proj_shop --export words
  $ miosa-auth mail template proj_shop --from words
  $ miosa-auth mail template proj_shop --remove recovery de

A template is three files: <purpose>.<language>.subject.txt, .html and .txt, in Liquid. All of a folder
is taken, or nothing; running servers follow within five seconds. docs/mail.md says which variables
there are.`,
    )
    .action(run);
}

async function run(project: string, options: Options, command: Command): Promise<void> {
  if (options.from !== undefined) return take(project, options.from, options);
  if (options.export !== undefined) return exportTo(project, options.export, options);
  if (options.remove === undefined) return list(project, options);
  const [purpose = "", language, ...rest] = options.remove;
  if (rest.length > 0) {
    command.error("error: --remove takes a purpose and at most one language", { exitCode: 2 });
  }
  return remove(project, purpose, language, options);
}

async function take(project: string, folder: string, { database, json }: Options): Promise<void> {
  const templates = await readTemplates(folder);
  await withDatabase(database, (opened) => setMailTemplates(opened, project, templates));
  const taken = templates.map(nameOf);
  print({ project, taken }, json, () => [
    `${project} has ${taken.length} template(s): ${taken.join(", ")}`,
  ]);
}

async function exportTo(
  project: string,
  folder: string,
  { database, json }: Options,
): Promise<void> {
  const wording = await withDatabase(database, (opened) => readMailWording(opened, project));
  const files = await writeTemplates(folder, projectTemplates(wording.templates));
  print({ folder, files }, json, () => [`Wrote ${files.length} files to ${folder}.`]);
}

async function list(project: string, { database, json }: Options): Promise<void> {
  const { templates } = await withDatabase(database, (opened) => readMailWording(opened, project));
  const own = templates.map(({ purpose, language, subject }) => ({ purpose, language, subject }));
  print(own, json, () =>
    table(
      ["purpose", "language", "subject"],
      own.map(({ purpose, language, subject }) => [purpose, language, subject]),
    ),
  );
}

async function remove(
  project: string,
  purpose: string,
  language: string | undefined,
  { database, json }: Options,
): Promise<void> {
  const removed = await withDatabase(database, (opened) =>
    removeMailTemplates(opened, project, purpose, language),
  );
  const names = removed.map(nameOf);
  print({ project, removed: names }, json, () => [
    names.length > 0
      ? `${project} has the built-in words again for ${names.join(", ")}`
      : `${project} has no template of its own for that.`,
  ]);
}

function nameOf({ purpose, language }: { purpose: string; language: string }): string {
  return `${purpose}.${language}`;
}
