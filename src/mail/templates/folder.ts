import type { Dirent } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AuthError } from "../../errors.ts";
import type { FolderTemplate, MailTemplate, OwnTemplate, StoredTemplate } from "./template.ts";
import { requireTemplate } from "./validate.ts";

const endings = {
  subject: ".subject.txt",
  html: ".html",
  text: ".txt",
} as const satisfies Record<keyof MailTemplate, string>;

const fileName = /^([a-z_]+)\.([A-Za-z0-9-]+)(\.subject\.txt|\.html|\.txt)$/;
// The part of a project id's grammar that tells it from a file; the registry knows the rest.
const projectFolder = /^[a-z][a-z0-9_]{0,44}$/;
const largestFile = 262_144;

/**
 * Reads templates from a folder of `<purpose>.<language>.subject.txt`, `.html` and `.txt`. Each has all
 * three; a file of another name is refused, since a template with a wrong name would never be used.
 * Names that begin with a dot are left alone.
 *
 * @throws AuthError validation_failed with the name of the file or template, and the reason
 */
export async function readTemplates(folder: string): Promise<OwnTemplate[]> {
  const entries = await list(folder);
  const other = entries.find((entry) => entry.isDirectory());
  if (other) throw refused(`${join(folder, other.name)} is a folder; templates are files`);
  if (entries.length === 0) throw refused(`${folder} has no template`);
  return readFiles(folder, entries);
}

/**
 * Reads the templates of a fleet: those of `folder` itself are for all projects, those of a folder in it
 * for the project that it is named after.
 *
 * @throws AuthError validation_failed, as {@link readTemplates}
 */
export async function readFleetTemplates(folder: string): Promise<FolderTemplate[]> {
  const entries = await list(folder);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const wrong = folders.find((name) => !projectFolder.test(name));
  if (wrong !== undefined) throw refused(`${join(folder, wrong)} has the name of no project`);
  const files = entries.filter((entry) => !entry.isDirectory());
  const forAll = await readFiles(folder, files);
  const forProjects = await Promise.all(
    folders.map(async (projectId) =>
      (await readTemplates(join(folder, projectId))).map((own) => ({ ...own, projectId })),
    ),
  );
  return [...forAll.map((own) => ({ ...own, projectId: null })), ...forProjects.flat()];
}

/**
 * Writes templates as {@link readTemplates} reads them, and returns the files' names.
 *
 * @throws AuthError validation_failed when one of the files is there already: it is not written over
 */
export async function writeTemplates(
  folder: string,
  templates: readonly StoredTemplate[],
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const present = new Set((await list(folder)).map(({ name }) => name));
  const files = templates.flatMap((template) =>
    Object.entries(endings).map(([part, ending]) => ({
      name: `${template.purpose}.${template.language}${ending}`,
      content: ensureLineBreak(template[part as keyof MailTemplate]),
    })),
  );
  const taken = files.find(({ name }) => present.has(name));
  if (taken) throw refused(`${join(folder, taken.name)} is there already; name an empty folder`);
  for (const { name, content } of files) {
    await writeFile(join(folder, name), content, { flag: "wx" });
  }
  return files.map(({ name }) => name);
}

async function readFiles(folder: string, entries: readonly Dirent[]): Promise<OwnTemplate[]> {
  const found = new Map<
    string,
    { purpose: string; language: string; parts: Map<string, string> }
  >();
  for (const { name } of entries) {
    const [, purpose, tag, ending] = fileName.exec(name) ?? [];
    if (purpose === undefined || tag === undefined || ending === undefined) {
      throw refused(
        `${join(folder, name)}: a template's files are <purpose>.<language>.subject.txt, .html and .txt`,
      );
    }
    const language = tag.toLowerCase();
    const key = `${purpose}.${language}`;
    const template = found.get(key) ?? { purpose, language, parts: new Map() };
    if (template.parts.has(ending)) throw refused(`${join(folder, key)}${ending} is there twice`);
    template.parts.set(ending, await readText(join(folder, name)));
    found.set(key, template);
  }
  return [...found.values()].map(({ purpose, language, parts }) => {
    const part = (name: keyof MailTemplate) => {
      const text = parts.get(endings[name]);
      if (text !== undefined) return text;
      throw refused(`${join(folder, `${purpose}.${language}${endings[name]}`)} is missing`);
    };
    const subject = part("subject").trimEnd();
    return requireTemplate({ purpose, language, subject, html: part("html"), text: part("text") });
  });
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !name.startsWith("."))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (cause) {
    throw refused(`${folder} cannot be read: ${reasonOf(cause)}`, cause);
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > largestFile) throw refused(`${file} has more than ${largestFile} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    if (cause instanceof AuthError) throw cause;
    throw refused(`${file} cannot be read: ${reasonOf(cause)}`, cause);
  }
}

function ensureLineBreak(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refused(message: string, cause?: unknown): AuthError {
  return new AuthError("validation_failed", { message, cause });
}
