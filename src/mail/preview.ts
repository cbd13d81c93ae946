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

/** Mails as they would be sent, with values that open nothing. */
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
  return purposes.flatMap((each) => {
    const written = own.filter((template) => template.purpose === each);
    const languages = new Set([
      ...builtInLanguages,
      ...written.map((template) => template.language),
    ]);
    return [...(language === undefined ? languages : [language])].map((tag) => ({
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
}
