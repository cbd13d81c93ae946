import { Command, Option } from "commander";
import {
  authUrlOf,
  type MailPurpose,
  mailPurposes,
  type PreviewOptions,
  previewMails,
  readFleetTemplates,
  readMailWording,
  writePreviews,
} from "../../../src/index.ts";
import {
  databaseOption,
  jsonOption,
  localUrl,
  mailTemplatesOption,
  publicUrlOption,
  withDatabase,
} from "../../options.ts";
import { print } from "../../output.ts";
import { table } from "../../terminal.ts";

interface Options {
  purpose?: MailPurpose;
  language?: string;
  out: string;
  mailTemplates?: string;
  database?: string;
  publicUrl?: string;
  json?: boolean;
}

export function mailPreview(): Command {
  return new Command("preview")
    .description("Write mails as they would be sent, to look at them")
    .argument("[project]", "whose words and colour; those of a made-up shop without")
    .addOption(
      new Option("--purpose <purpose>", "only mails of this purpose").choices(mailPurposes),
    )
    .option("--language <tag>", "only in this language")
    .addOption(new Option("--out <folder>", "where to write them").default("mail-preview"))
    .addOption(mailTemplatesOption())
    .addOption(databaseOption().makeOptionMandatory(false))
    .addOption(publicUrlOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nNeeds a database only for a project's own words. Nothing is sent, and the links open nothing.",
    )
    .action(run);
}

async function run(id: string | undefined, options: Options, command: Command): Promise<void> {
  const { purpose, language, out, mailTemplates, database } = options;
  if (id !== undefined && database === undefined) {
    command.error("error: a project's words need --database", { exitCode: 2 });
  }
  const chosen: PreviewOptions = {
    ...(purpose === undefined ? {} : { purpose }),
    ...(language === undefined ? {} : { language }),
    ...(mailTemplates === undefined
      ? {}
      : { folderTemplates: await readFleetTemplates(mailTemplates) }),
  };
  const previews = previewMails(
    id === undefined || database === undefined
      ? chosen
      : { ...chosen, project: await projectOf(id, database, options.publicUrl) },
  );
  const written = await writePreviews(out, previews);
  print({ folder: out, written }, options.json, () =>
    table(
      ["file", "subject"],
      written.map(({ file, subject }) => [file, subject]),
    ),
  );
}

async function projectOf(id: string, database: string, publicUrl: string | undefined) {
  const wording = await withDatabase(database, (opened) => readMailWording(opened, id));
  return { id, authUrl: authUrlOf(publicUrl ?? localUrl(), id), wording };
}
