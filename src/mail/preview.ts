import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AuthError } from "../errors.ts";
import { composeMessage, type MailWording, type Message } from "./message.ts";
import { type MailPurpose, mailPurposes } from "./purposes.ts";
import { samplePayload, sampleProject, sampleRow } from "./sample.ts";
import { builtInLanguages } from "./templates/built_in.ts";
import type { FolderTemplate } from "./templates/template.ts";

export interface PreviewOptions {
  /** A project's own words; those of a made-up one without. */
  readonly project?: { id: string; authUrl: string; wording: MailWording };
  readonly folderTemplates?: readonly FolderTemplate[];
  /** Every purpose by default. */
  readonly purpose?: MailPurpose;
  /** Every language that there is by default. */
  readonly language?: string;
}

export interface Preview {
  readonly purpose: MailPurpose;
  readonly message: Message;
}

/**
 * Mails as they would be sent, with values that open nothing.
 *
 * @throws AuthError validation_failed for a language that none of them is written in, and for a template
 * that fails
 */
export function previewMails(options: PreviewOptions = {}): Preview[] {
  const { folderTemplates = [], purpose, language } = options;
  const project = options.project ?? {
    id: sampleProject.id,
    authUrl: sampleProject.authUrl,
    wording: { ...sampleProject.settings, templates: [] },
  };
  const own = [
    ...project.wording.templates,
    ...folderTemplates.filter(({ projectId }) => projectId === null || projectId === project.id),
  ];
  const purposes = purpose === undefined ? mailPurposes : [purpose];
  const previews = purposes.flatMap((each) => {
    const written = own.filter((template) => template.purpose === each);
    const languages = [...builtInLanguages, ...written.map((template) => template.language)];
    return [...new Set(languages)]
      .filter((tag) => language === undefined || tag === language.toLowerCase())
      .map((tag) => ({
        purpose: each,
        message: composeMessage({
          authUrl: project.authUrl,
          configuration: project.wording,
          row: sampleRow(each, project.id),
          payload: samplePayload(each, project.wording.site_url, [tag]),
          folderTemplates,
        }),
      }));
  });
  if (previews.length === 0) throw refused(`No mail is written in ${language}`);
  const failed = previews.find(({ message }) => message.failure !== null)?.message.failure;
  if (failed) {
    const { purpose: of, language: tag, source, reason } = failed;
    throw refused(`The template ${of}.${tag} (${source}) fails: ${reason}`);
  }
  return previews;
}

/** Writes previews to a folder as `<purpose>.<language>.html` and `.txt`, over earlier ones. */
export async function writePreviews(
  folder: string,
  previews: readonly Preview[],
): Promise<{ file: string; subject: string }[]> {
  await mkdir(folder, { recursive: true });
  const written: { file: string; subject: string }[] = [];
  for (const { purpose, message } of previews) {
    const file = join(folder, `${purpose}.${message.language}`);
    const { to, subject, html, text } = message;
    await writeFile(`${file}.html`, html);
    await writeFile(`${file}.txt`, `To: ${to}\nSubject: ${subject}\n\n${text}`);
    written.push({ file: `${file}.html`, subject }, { file: `${file}.txt`, subject });
  }
  return written;
}

function refused(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}
